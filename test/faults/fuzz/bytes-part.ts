import { once } from "node:events";
import type { DescMethod } from "@bufbuild/protobuf";
import fc from "fast-check";
import { codeName } from "../../../src/rpc/metrics.js";
import { DOCUMENTED } from "../../support/documented.js";
import { RawGrpc, type RawStatus, statusOf } from "../../support/raw-grpc.js";
import { anyBytes, anyFrames, anyHeaders, type Sent } from "./bytes.js";
import { mayStreamForEver, PATIENCE_MS } from "./call.js";
import type { Subject } from "./explore.js";
import { tellsOfTheInside } from "./judge.js";
import { LIBRARY_SERVICES, pathOf } from "./methods.js";

/** gRPC by hand: whatever bytes come for a method, the call ends with a status of the contract. */
export function bytesSubject(method: DescMethod, baseUrl: string): Subject<Sent> {
  return {
    name: `${pathOf(method)}, sent any bytes,`,
    any: fc.record({ headers: anyHeaders, body: anyFrames(anyBytes(method)) }),
    async check({ headers, body }) {
      await using raw = new RawGrpc(baseUrl);
      const patience = mayStreamForEver(method) ? { "grpc-timeout": "60m" } : {};
      const stream = raw.open(`/${pathOf(method)}`, { ...headers, ...patience });
      const status = statusOf(stream);
      stream.end(body);
      const timer = setTimeout(() => stream.close(), PATIENCE_MS);
      const fault = faultOf(method, await status);
      clearTimeout(timer);
      if (!stream.closed) await once(stream, "close");
      if (fault !== undefined) throw new Error(fault);
    },
  };
}

/** What is wrong with a status; undefined when nothing is. */
function faultOf(method: DescMethod, { code, message, reason }: RawStatus): string | undefined {
  const said = `${Number.isInteger(code) && code > 0 ? codeName(code) : code} ${reason}: ${message}`;
  if (code === 0) return undefined;
  if (code === -1) return `it hangs, or broke off: ${said}`;
  if (LIBRARY_SERVICES.includes(method.parent)) {
    return reason === codeName(code) && code !== 2 ? undefined : `not as libraries' services answer: ${said}`;
  }
  if (reason === "INTERNAL") return `an incident: ${said}`;
  if (DOCUMENTED.get(reason ?? "")?.code !== codeName(code)) return `no documented reason: ${said}`;
  return tellsOfTheInside(message) ? `it tells of the inside: ${said}` : undefined;
}
