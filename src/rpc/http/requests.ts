import { Code, ConnectError } from "@connectrpc/connect";
import { EdgeError } from "../edge-fault.js";

/** Options of `requestsOf`. */
export interface RequestsOptions {
  /** Aborted when the call is over. */
  readonly signal: AbortSignal;
  /** The most that one message may have. */
  readonly maxBytes: number;
}

/**
 * The requests of a stream, which throw as soon as the call is over, and whose bytes are the client's fault.
 *
 * Why: Connect lets a reader wait for a client that says nothing, also after the deadline or the end of the server; and to
 * it, bytes that do not parse are a fault of the server.
 */
export function requestsOf(
  requests: AsyncIterable<unknown>,
  { signal, maxBytes }: RequestsOptions,
): AsyncIterableIterator<unknown> {
  const read = async (iterator: AsyncIterator<unknown>) => {
    try {
      return await iterator.next();
    } catch (error) {
      throw toFault(error, maxBytes);
    }
  };
  const iterator = requests[Symbol.asyncIterator]();
  return {
    next: () => untilAborted(() => read(iterator), signal),
    return: async () => {
      // Not waited for: it would wait for the request that is being read.
      iterator.return?.().catch(() => {});
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function untilAborted<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    read()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}

/** What Connect found wrong with the bytes of a request. */
function toFault(error: unknown, maxBytes: number): unknown {
  if (!(error instanceof ConnectError)) return error;
  if (error.code === Code.ResourceExhausted) return new EdgeError({ reason: "MESSAGE_TOO_LARGE", maxBytes });
  if (error.code === Code.Internal) return new EdgeError({ reason: "REQUEST_UNREADABLE", detail: error.rawMessage });
  return error;
}
