import { isIP } from "node:net";

/** An IP address and a port. */
export interface Address {
  /** A literal, IPv6 without brackets. */
  readonly ip: string;
  /** 1 to 65,535. */
  readonly port: number;
}

const WITH_PORT = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/;

/** Reads "127.0.0.1:8080" or "[::1]:8080"; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  const [, six, four, digits] = WITH_PORT.exec(text) ?? [];
  const port = Number(digits);
  if (!(port >= 1 && port <= 65_535)) return undefined;
  if (six !== undefined) return isIP(six) === 6 ? { ip: six, port } : undefined;
  return four !== undefined && isIP(four) === 4 ? { ip: four, port } : undefined;
}

/** "127.0.0.1:8080", "[::1]:8080". */
export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
