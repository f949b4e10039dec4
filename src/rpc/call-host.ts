import type { Logger } from "pino";
import type { Clock } from "../stream/index.js";
import { BufferedBytes } from "./buffered-bytes.js";
import type { CallBook } from "./calls.js";
import { toStatus } from "./errors.js";
import type { CallHost } from "./grpc/route.js";
import { HalfCloses } from "./half-close.js";
import { codeName } from "./metrics.js";

/** Options of `createCallHost`. */
export interface CallHostOptions {
  readonly calls: CallBook;
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxMessageBytes: number;
  /** Of requests that are not whole and answers that are not taken, together. */
  readonly maxBufferedBytes: number;
}

/** What the calls of both servers share: the book that they stand in, the clock, the log, the way of their errors. */
export function createCallHost(options: CallHostOptions): CallHost {
  const { calls, clock, log, maxMessageBytes, maxBufferedBytes } = options;
  return {
    calls,
    clock,
    maxMessageBytes,
    buffered: new BufferedBytes({
      maxBytes: maxBufferedBytes,
      onCut: (bytes) => log.warn({ bytes, maxBufferedBytes }, "closed the connection that has us hold the most"),
    }),
    halfCloses: new HalfCloses(),
    toStatus: (error) => toStatus(error, log),
    ended(method, code, reason, seconds) {
      if (!log.isLevelEnabled("debug")) return;
      const facts = { method: `${method.parent.typeName}/${method.name}`, code: codeName(code), seconds };
      log.debug(reason === "" ? facts : { ...facts, reason }, "call ended");
    },
  };
}
