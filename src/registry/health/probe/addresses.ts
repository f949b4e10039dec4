import { BlockList, isIP } from "node:net";

/** Word of the setting -> the ranges that it means. Link-local addresses, where clouds keep credentials, are in neither. */
const RANGES: ReadonlyMap<string, readonly string[]> = new Map([
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]],
  ["loopback", ["127.0.0.0/8", "::1/128"]],
  ["any", ["0.0.0.0/0", "::/0"]],
  ["none", []],
]);

/** Which addresses may be probed, so that nobody scans a network through the plane. */
export interface ProbeAddresses {
  /** Whether an IP literal may be probed. An IPv4 address within IPv6 is judged as IPv4. */
  allows(ip: string): boolean;
}

/**
 * Reads `private`, `loopback`, `any`, `none` and ranges such as 203.0.113.0/24, with commas between them.
 *
 * @returns undefined for anything else.
 */
export function parseProbeAddresses(text: string): ProbeAddresses | undefined {
  const allowed = new BlockList();
  for (const word of text.split(",").map((part) => part.trim())) {
    const ranges = RANGES.get(word) ?? [word];
    if (!ranges.every((range) => addRange(allowed, range))) return undefined;
  }
  return { allows: (ip) => isAllowed(allowed, ip) };
}

function addRange(list: BlockList, range: string): boolean {
  const [base = "", bits = ""] = range.split("/");
  const family = familyOf(base);
  if (!family || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === "ipv4" ? 32 : 128)) return false;
  list.addSubnet(base, Number(bits), family);
  return true;
}

function isAllowed(list: BlockList, ip: string): boolean {
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1] ?? ip;
  const family = familyOf(plain);
  return family !== undefined && list.check(plain, family);
}

function familyOf(ip: string): "ipv4" | "ipv6" | undefined {
  return isIP(ip) === 4 ? "ipv4" : isIP(ip) === 6 ? "ipv6" : undefined;
}
