import { create } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import {
  type Instance,
  type Opened,
  type OpenSession,
  type RegistryService,
  type SessionRequest,
  SessionRequestSchema,
  type SessionResponse,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { Deferred } from "./deferred.js";

/** What one session stream says to the control plane. */
export interface SessionStreamOptions {
  readonly registry: Client<typeof RegistryService>;
  readonly open: OpenSession;
  /** What to register in the session that was opened; undefined for nothing. */
  readonly registration: (opened: Opened) => Instance | undefined;
}

/**
 * One stream of `RegistryService.Session`, that registers at most one instance.
 *
 * `close` half-closes: the instance leaves at once. `break` cancels: the control plane keeps it for the session's TTL.
 */
export class SessionStream {
  readonly #options: SessionStreamOptions;
  readonly #opened = new Deferred<Opened>();
  readonly #closing = new Deferred<undefined>();
  readonly #controller = new AbortController();

  constructor(options: SessionStreamOptions) {
    this.#options = options;
  }

  /** Everything that the control plane answers, until either side ends the stream. To be read once. */
  async *responses(): AsyncGenerator<SessionResponse> {
    const options = { signal: this.#controller.signal, timeoutMs: 0 };
    for await (const response of this.#options.registry.session(this.#requests(), options)) {
      if (response.response.case === "opened") this.#opened.resolve(response.response.value);
      yield response;
    }
  }

  /** Half-closes. */
  close(): void {
    this.#closing.resolve(undefined);
  }

  /** Cancels. */
  break(): void {
    this.#controller.abort();
  }

  async *#requests(): AsyncGenerator<SessionRequest> {
    yield create(SessionRequestSchema, { requestId: 1n, request: { case: "open", value: this.#options.open } });
    const opened = await Promise.race([this.#opened.promise, this.#closing.promise]);
    const instance = opened && this.#options.registration(opened);
    if (instance) {
      yield create(SessionRequestSchema, { requestId: 2n, request: { case: "register", value: { instance } } });
    }
    await this.#closing.promise;
  }
}
