import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  type InstanceSchema,
  type Opened,
  RegistryService,
  type SessionRequestSchema,
  type SessionResponse,
} from "../gen/portolan/registry/v1/registry_pb.js";
import { backoffMs } from "./plane.js";

type Instance = MessageInitShape<typeof InstanceSchema> & { readonly id: string };

/** With these it makes no sense to try again: the request is wrong, or another process has our place. */
const FINAL = [
  Code.InvalidArgument,
  Code.FailedPrecondition,
  Code.Aborted,
  Code.PermissionDenied,
  Code.Unauthenticated,
];

/** Keeps one instance registered by holding a session open. No heartbeats: it is alive because its stream is. */
export class Registration {
  /** Proves to the plane, also after its restart, that we are the session's former holder. */
  #resumeToken = "";
  #failures = 0;

  constructor(
    private readonly plane: Transport,
    private readonly instance: Instance,
  ) {}

  /** Resolves when `leave` aborted and the instance is deregistered. Rejects when another process took its place. */
  async keep(leave: AbortSignal): Promise<void> {
    for (let leaving = false; !leaving; ) {
      leaving = leave.aborted; // while the plane was away: one last try, else the session's TTL removes the instance
      try {
        await this.#hold(leave);
        if (leave.aborted) return;
      } catch (error) {
        this.#judge(ConnectError.from(error));
      }
      await delay(backoffMs(this.#failures++), undefined, { signal: leave }).catch(() => undefined);
    }
  }

  /** One stream, from its opening until either side ends it. */
  async #hold(leave: AbortSignal): Promise<void> {
    const requests = new PassThrough({ objectMode: true });
    const send = (request: MessageInitShape<typeof SessionRequestSchema>) => requests.write(request);
    const cancel = new AbortController();
    const halfClose = () => {
      requests.end(); // to the plane this says: deregister all that this session holds, now
      setTimeout(() => cancel.abort(), 5_000).unref();
    };
    try {
      send({
        requestId: 1n,
        request: { case: "open", value: { client: "typescript", resumeToken: this.#resumeToken } },
      });
      if (leave.aborted) halfClose();
      else leave.addEventListener("abort", halfClose, { once: true });
      const registry = createClient(RegistryService, this.plane);
      for await (const { response } of registry.session(requests, { signal: cancel.signal })) {
        if (response.case === "opened" && !this.#opened(response.value) && !leave.aborted) {
          send({ requestId: 2n, request: { case: "register", value: { instance: this.instance } } });
        }
        const refusal = this.#refusalIn(response);
        if (refusal) throw refusal;
      }
    } finally {
      leave.removeEventListener("abort", halfClose);
      cancel.abort();
      requests.end(); // what the plane ended is ended from our side too
    }
  }

  /** True when the session holds the instance still: resumed, and no consumer has noticed anything. */
  #opened({ sessionId, resumeToken, instances }: Opened): boolean {
    this.#resumeToken = resumeToken;
    this.#failures = 0;
    const held = instances.some(({ id }) => id === this.instance.id);
    console.log(`session ${sessionId} ${held ? "resumed" : "opened"}`);
    return held;
  }

  /** Why we cannot go on after this response; undefined when we can. */
  #refusalIn(response: SessionResponse["response"]): ConnectError | undefined {
    if (response.case === "failed") return new ConnectError(response.value.message, response.value.code);
    if (response.case === "committed") {
      console.log(`registered ${this.instance.id} at revision ${response.value.revision}`);
    }
    if (response.case !== "directive") return undefined;
    const order = response.value.directive.case;
    if (order === "superseded") return new ConnectError("another process registered it", Code.Aborted);
    // "reconnect": the plane is about to stop and will end the stream; then we resume. To cancel it ourselves would not do:
    // Node's HTTP/2 half-closes a stream that it cancels, and a half-close deregisters.
    console.log(`the plane asks us to ${order}`);
    return undefined;
  }

  #judge(error: ConnectError): void {
    if (FINAL.includes(error.code)) throw new Error(`${this.instance.id}: ${error.message}`, { cause: error });
    if (error.code === Code.NotFound) this.#resumeToken = ""; // the session is gone: begin a new one
    console.log(`session lost: ${error.message}`);
  }
}
