import type { Logger } from "pino";
import type { SessionRequest, SessionResponse } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { DomainError } from "../../model/index.js";
import type { Caller, Registry, Session } from "../../registry/index.js";
import { toStatus } from "../errors.js";
import { type Rules, validate } from "../rules/index.js";
import { durationMsFromProto } from "../translate/index.js";
import { SessionAnswers } from "./session-answers.js";
import { committed, failed, opened, pong } from "./session-messages.js";
import { carryOut } from "./session-request.js";

/** Options of one Session call. */
export interface SessionCallOptions {
  readonly requests: AsyncIterable<SessionRequest>;
  readonly caller: Caller;
  readonly registry: Registry;
  readonly rules: Rules;
  readonly log: Logger;
  /** Requests whose answers were not taken yet; beyond, the stream is not read. */
  readonly maxRequests: number;
  /** Called with the reason of each request that failed. */
  readonly onFailure: (reason: string) => void;
}

const DEFAULT_TTL_MS = 15_000;

/**
 * One stream of a session: opening -> open -> (closing | broken) -> over.
 *
 * Requests are carried out as they come, many at once; each answer leaves when it is ready. The client's half-close waits for
 * what is in flight and closes the session; any other end breaks it. Reading begins at once, not with the first `next`.
 */
export class SessionCall implements AsyncIterable<SessionResponse> {
  readonly #options: SessionCallOptions;
  readonly #answers: SessionAnswers;
  #session: Session | undefined;
  #closing = false;

  constructor(options: SessionCallOptions) {
    this.#options = options;
    this.#answers = new SessionAnswers({ maxPending: options.maxRequests, onAbandoned: () => this.#break() });
    void this.#run();
  }

  [Symbol.asyncIterator](): AsyncIterator<SessionResponse> {
    return this.#answers;
  }

  async #run(): Promise<void> {
    try {
      await this.#readAll();
      this.#closing = true;
      await this.#answers.allReady();
      await this.#session?.close();
      this.#answers.end();
    } catch (error) {
      this.#closing = false;
      this.#break();
      this.#answers.fail(error);
    }
  }

  async #readAll(): Promise<void> {
    for await (const message of this.#options.requests) {
      this.#answers.assertOpen();
      if (this.#session) this.#serve(message, this.#session);
      else await this.#open(message);
      if (this.#answers.full) await this.#answers.room();
    }
  }

  #break(): void {
    if (!this.#closing) this.#session?.break();
  }

  async #open(message: SessionRequest): Promise<void> {
    const { registry, caller, rules } = this.#options;
    const { requestId, request } = message;
    if (request.case !== "open") throw notOpen("the first message must be open");
    validate(rules, message);
    const { client, ttl, resumeToken } = request.value;
    this.#session = await registry.openSession({
      client,
      ttlMs: ttl ? Math.round(durationMsFromProto(ttl)) : DEFAULT_TTL_MS,
      ...(resumeToken !== "" && { resumeToken }),
      caller,
      onDirective: (directive) => this.#answers.direct(directive),
      onDetached: (error) => this.#answers.fail(error),
    });
    this.#answers.assertOpen();
    this.#answers.expect();
    this.#answers.push(opened(requestId, this.#session));
    for (const instance of this.#session.draining) this.#answers.direct({ kind: "drain", instance });
  }

  #serve(message: SessionRequest, session: Session): void {
    const { requestId, request } = message;
    if (request.case === "open") throw notOpen("open comes once");
    this.#answers.expect();
    try {
      validate(this.#options.rules, message);
      if (request.case === "ping") this.#answers.push(pong(requestId));
      else if (request.case !== undefined) this.#follow(requestId, carryOut(request, session));
    } catch (error) {
      this.#refuse(requestId, error);
    }
  }

  #follow(requestId: bigint, write: Promise<bigint>): void {
    write.then(
      (revision) => this.#answers.push(committed(requestId, revision)),
      (error) => this.#refuse(requestId, error),
    );
  }

  #refuse(requestId: bigint, error: unknown): void {
    const status = toStatus(error, this.#options.log);
    this.#options.onFailure(status.reason);
    this.#answers.push(failed(requestId, status));
  }
}

function notOpen(detail: string): DomainError {
  return new DomainError({ reason: "SESSION_NOT_OPEN", detail });
}
