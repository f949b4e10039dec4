import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type SessionRequest,
  SessionRequestSchema,
  type SessionResponse,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Plane } from "../../support/plane.js";

type Request = MessageInitShape<typeof SessionRequestSchema>["request"];

/** A client's side of one Session call. */
export interface SessionStream {
  /** Sends a request; answers its id. */
  send(request: NonNullable<Request>): bigint;
  /** Half-closes. */
  halfClose(): void;
  /** Resets the stream. */
  cancel(): void;
  /** The next answer, of whatever request. @throws the stream's error; Error "ended" when it ended well. */
  next(): Promise<SessionResponse>;
  /** Resolves when the stream has ended well. @throws the stream's error. */
  ended(): Promise<void>;
}

/** Calls Session; nothing is sent before `send`. */
export function openStream(plane: Plane): SessionStream {
  const outgoing = new Outgoing();
  const abort = new AbortController();
  const responses = plane.registry.session(outgoing.requests(), { signal: abort.signal })[Symbol.asyncIterator]();
  let id = 0n;
  return {
    send(request) {
      outgoing.push(create(SessionRequestSchema, { requestId: ++id, request }));
      return id;
    },
    halfClose: () => outgoing.push(undefined),
    cancel: () => abort.abort(),
    async next() {
      const step = await responses.next();
      if (step.done) throw new Error("ended");
      return step.value;
    },
    async ended() {
      while (!(await responses.next()).done);
    },
  };
}

/** Opens a session and answers its stream and what `opened` said. */
export async function opened(
  plane: Plane,
  open: MessageInitShape<typeof SessionRequestSchema>["request"] | object = {},
) {
  const stream = openStream(plane);
  stream.send({ case: "open", value: open } as NonNullable<Request>);
  const { response } = await stream.next();
  if (response.case !== "opened") throw new Error(`the session answered ${response.case}`);
  return { stream, ...response.value };
}

/** An instance of "checkout" that a request may carry. */
export function spec(id: string, change: object = {}) {
  return { service: "checkout", id, endpoints: [{ host: "10.0.0.5", port: 8080 }], ...change };
}

/** Requests on their way to the transport; undefined ends them. */
class Outgoing {
  readonly #queue: (SessionRequest | undefined)[] = [];
  #wake: (() => void) | undefined;

  push(request: SessionRequest | undefined): void {
    this.#queue.push(request);
    this.#wake?.();
  }

  async *requests(): AsyncGenerator<SessionRequest> {
    for (;;) {
      while (this.#queue.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      const request = this.#queue.shift();
      if (!request) return;
      yield request;
    }
  }
}
