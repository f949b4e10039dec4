import type { Http2Session } from "node:http2";
import { type ContextValues, createContextKey } from "@connectrpc/connect";

const CONNECTION = createContextKey<Http2Session | undefined>(undefined, { description: "HTTP/2 connection" });

/** The HTTP/2 connection that a call came on; undefined for HTTP/1.1. */
export function connectionOf(values: ContextValues): Http2Session | undefined {
  return values.get(CONNECTION);
}

/** Remembers a call's connection. */
export function setConnection(values: ContextValues, connection: Http2Session | undefined): ContextValues {
  return values.set(CONNECTION, connection);
}
