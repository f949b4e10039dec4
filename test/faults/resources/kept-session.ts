import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import {
  RegistryService,
  type SessionRequest,
  SessionRequestSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";

/** A client that keeps one instance registered by one stream, on a connection of its own, and that resumes nothing. */
export class KeptSession implements Disposable {
  /** True from the moment when its stream broke or ended. */
  broken = false;
  readonly #manager: Http2SessionManager;
  readonly #queue: SessionRequest[] = [];
  #wake: (() => void) | undefined;
  readonly #registered: Promise<void>;

  constructor(url: string, service: string, id: string, ttlMs: number) {
    this.#manager = new Http2SessionManager(url);
    const registry = createClient(
      RegistryService,
      createGrpcTransport({ baseUrl: url, sessionManager: this.#manager }),
    );
    const ttl = { seconds: BigInt(Math.floor(ttlMs / 1_000)), nanos: (ttlMs % 1_000) * 1e6 };
    this.#say(1n, { case: "open", value: { client: id, ttl } });
    const instance = { service, id, endpoints: [{ host: "10.0.0.1", port: 8080 }] };
    this.#say(2n, { case: "register", value: { instance } });
    const responses = registry.session(this.#requests());
    this.#registered = new Promise((resolve, reject) => {
      void this.#listen(responses, resolve).then(
        () => reject(new Error("the session ended")),
        (error: unknown) => reject(error),
      );
    });
  }

  /** Resolves when its instance is registered. */
  get registered(): Promise<void> {
    return this.#registered;
  }

  [Symbol.dispose](): void {
    this.#manager.abort();
  }

  async #listen(
    responses: AsyncIterable<{ readonly response: { readonly case?: string | undefined } }>,
    onRegistered: () => void,
  ) {
    try {
      for await (const { response } of responses) if (response.case === "committed") onRegistered();
    } finally {
      this.broken = true;
    }
  }

  #say(requestId: bigint, request: unknown): void {
    this.#queue.push(create(SessionRequestSchema, { requestId, request } as never));
    this.#wake?.();
  }

  async *#requests(): AsyncGenerator<SessionRequest> {
    for (;;) {
      const next = this.#queue.shift();
      if (next) yield next;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
