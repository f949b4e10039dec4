import type { ListenAddress } from "../config.js";

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EACCES: "this user may not listen there",
  EADDRNOTAVAIL: "this machine does not have that address",
  ENOTFOUND: "that name does not resolve",
};

/** An address that cannot be bound; its message is one line for the operator. */
export class ListenError extends Error {
  override readonly name = "ListenError";

  constructor(setting: string, { host, port }: ListenAddress, cause: unknown) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why = WHY[code] ?? (code || String(cause));
    super(`cannot listen on ${host}:${port}, because ${why}: choose another with --${setting}`, { cause });
  }
}
