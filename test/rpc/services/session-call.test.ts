import { create } from "@bufbuild/protobuf";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import {
  type SessionRequest,
  SessionRequestSchema,
  type SessionResponse,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { DomainError } from "../../../src/model/index.js";
import type { Registry, Session, SessionOptions } from "../../../src/registry/index.js";
import { createFilters } from "../../../src/rpc/filter/index.js";
import { createRules } from "../../../src/rpc/rules/index.js";
import { SessionCall } from "../../../src/rpc/services/session-call.js";
import { type Deferred, deferred } from "../../support/deferred.js";
import { spec } from "./session-stream.js";

const rules = createRules({ filters: createFilters() });

/** A session whose writes end when the test says so. */
class FakeSession implements Session {
  readonly id = "s-1";
  readonly resumeToken = "token";
  readonly ttlMs = 15_000;
  readonly held = [];
  readonly draining = [];
  readonly writes: Deferred<bigint>[] = [];
  ended = "";
  closing: Promise<void> = Promise.resolve();

  register(): Promise<bigint> {
    const write = deferred<bigint>();
    this.writes.push(write);
    return write.promise;
  }
  update = (): Promise<bigint> => this.register();
  deregister = (): Promise<bigint> => this.register();
  async close(): Promise<void> {
    this.ended += "closed ";
    await this.closing;
  }
  break(): void {
    this.ended += "broken ";
  }
}

/** A client that has everything to send at hand, and counts what was taken. */
class Client implements AsyncIterableIterator<SessionRequest> {
  taken = 0;
  readonly end = deferred<undefined>();
  constructor(readonly total: number) {}
  async next(): Promise<IteratorResult<SessionRequest>> {
    if (this.taken >= this.total) {
      await this.end.promise;
      return { done: true, value: undefined };
    }
    this.taken++;
    const request: SessionRequest["request"] =
      this.taken === 1
        ? create(SessionRequestSchema, { request: { case: "open", value: {} } }).request
        : create(SessionRequestSchema, { request: { case: "register", value: { instance: spec("a1") } } }).request;
    return { done: false, value: create(SessionRequestSchema, { requestId: BigInt(this.taken), request }) };
  }
  [Symbol.asyncIterator](): this {
    return this;
  }
}

function call({ total = 1, maxRequests = 1_000 } = {}) {
  const session = new FakeSession();
  const client = new Client(total);
  let options: SessionOptions | undefined;
  const openSession = (given: SessionOptions) => {
    options = given;
    return Promise.resolve(session);
  };
  const failures: string[] = [];
  const running = new SessionCall({
    requests: client,
    caller: { actor: "anonymous", address: "" },
    registry: { openSession } as Partial<Registry> as Registry,
    rules,
    log: pino({ enabled: false }),
    maxRequests,
    onFailure: (reason) => failures.push(reason),
  });
  const answers = running[Symbol.asyncIterator]();
  const next = async (): Promise<SessionResponse> => {
    const step = await answers.next();
    if (step.done) throw new Error("ended");
    return step.value;
  };
  const control = () => options ?? expect.unreachable("no session was opened");
  return { session, client, answers, next, control, failures };
}

/** Lets everything that can run without a timer run. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("a session's call", () => {
  test("reads no more requests than may be in flight, and goes on when an answer is taken", async () => {
    const { session, client, next } = call({ total: 100, maxRequests: 8 });
    await next();
    await settled();
    expect([client.taken, session.writes.length]).toEqual([9, 8]);
    for (const write of session.writes) write.resolve(1n);
    await settled();
    expect(client.taken, "answers that nobody took count too").toBe(9);
    await next();
    await settled();
    expect(client.taken).toBe(10);
  });

  test("answers in the order in which writes end", async () => {
    const { session, next } = call({ total: 3 });
    await next();
    await settled();
    session.writes[1]?.resolve(7n);
    expect(await next()).toMatchObject({ requestId: 3n, response: { case: "committed", value: { revision: 7n } } });
    session.writes[0]?.resolve(8n);
    expect(await next()).toMatchObject({ requestId: 2n });
  });

  test("an error that nobody foresaw leaves no text of it, and is counted", async () => {
    const { session, next, failures } = call({ total: 2 });
    await next();
    await settled();
    session.writes[0]?.reject(new Error("secret path"));
    const { response } = await next();
    expect(response).toMatchObject({ case: "failed", value: { code: 13, reason: "INTERNAL" } });
    expect(
      JSON.stringify(response.value, (_, value) => (typeof value === "bigint" ? String(value) : value)),
    ).not.toContain("secret");
    expect(failures).toEqual(["INTERNAL"]);
  });

  test("half-close waits for what is in flight before the session closes", async () => {
    const { session, client, next, answers } = call({ total: 2 });
    await next();
    client.end.resolve(undefined);
    await settled();
    expect(session.ended).toBe("");
    session.writes[0]?.resolve(1n);
    expect((await next()).response.case).toBe("committed");
    expect((await answers.next()).done).toBe(true);
    expect(session.ended).toBe("closed ");
  });

  test("a client that resets after its half-close still leaves at once", async () => {
    const { session, client, next, answers } = call({ total: 2 });
    await next();
    client.end.resolve(undefined);
    await settled();
    await answers.return?.();
    session.writes[0]?.resolve(1n);
    await settled();
    expect(session.ended).toBe("closed ");
  });

  test("a close that cannot be made durable breaks the session and ends the stream with the reason", async () => {
    const { session, client, next, answers } = call();
    const fault = new DomainError({ reason: "STORE_UNAVAILABLE", retryAfterMs: 1 });
    session.closing = Promise.reject(fault);
    await next();
    client.end.resolve(undefined);
    await expect(answers.next()).rejects.toBe(fault);
    expect(session.ended).toBe("closed broken ");
  });

  test("a stream that breaks breaks the session, whether requests or answers break first", async () => {
    const one = call();
    await one.next();
    one.client.end.reject(new Error("reset"));
    await expect(one.answers.next()).rejects.toThrow("reset");
    expect(one.session.ended).toBe("broken ");

    const other = call();
    await other.next();
    await other.answers.return?.();
    expect(other.session.ended).toBe("broken ");
  });

  test("a session that is detached ends the stream with the reason, after what is ready", async () => {
    const { session, next, answers, control } = call({ total: 2 });
    await next();
    await settled();
    session.writes[0]?.resolve(1n);
    await settled();
    const fault = new DomainError({ reason: "SESSION_TAKEN_OVER", sessionId: "s-1" });
    control().onDetached(fault);
    expect((await next()).response.case).toBe("committed");
    await expect(answers.next()).rejects.toBe(fault);
  });

  test("a detached session that half-closes is not closed by this stream", async () => {
    const { session, client, next, answers, control } = call();
    await next();
    control().onDetached(new DomainError({ reason: "SESSION_TAKEN_OVER", sessionId: "s-1" }));
    await expect(answers.next()).rejects.toThrow("SESSION_TAKEN_OVER");
    client.end.reject(new Error("over"));
    await settled();
    expect(session.ended).not.toContain("closed");
  });

  test("directives that were not taken are kept once for each instance", async () => {
    const { next, control, answers } = call();
    await next();
    const instance = { namespace: "default", service: "checkout", id: "a1" };
    for (let count = 0; count < 10_000; count++) control().onDirective({ kind: "superseded", instance });
    control().onDirective({ kind: "drain", instance });
    control().onDirective({ kind: "reconnect", withinMs: 9_000 });
    control().onDirective({ kind: "reconnect", withinMs: 5_000 });
    const kinds = [await next(), await next(), await next()].map(({ requestId, response }) => [
      requestId,
      response.case === "directive" ? response.value.directive.case : response.case,
    ]);
    expect(kinds).toEqual([
      [0n, "superseded"],
      [0n, "drain"],
      [0n, "reconnect"],
    ]);
    const waiting = answers.next();
    control().onDirective({ kind: "reconnect", withinMs: 1_500 });
    expect((await waiting).value).toMatchObject({
      response: { value: { directive: { value: { within: { seconds: 1n, nanos: 500_000_000 } } } } },
    });
  });
});
