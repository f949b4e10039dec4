import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Where a connection goes: an address that was checked. */
export interface Place {
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  /** What the instance calls its host: for SNI and for the Host header. */
  readonly host: string;
}

/**
 * Begins to connect. TLS is spoken without verifying the certificate: a probe asks whether somebody answers and proves
 * nobody's identity. The socket does not keep the process alive.
 */
export function connect({ address, port, tls, host }: Place, protocol: "h2" | "http/1.1"): Socket {
  const socket = tls
    ? connectTls({
        host: address,
        port,
        rejectUnauthorized: false,
        ALPNProtocols: [protocol],
        ...(host !== address && { servername: host }),
      })
    : connectTcp({ host: address, port });
  return socket.unref().setNoDelay(true);
}
