import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import {
  type SessionRequest,
  type SessionResponse,
  SessionResponseSchema,
} from "../../gen/portolan/registry/v1/registry_pb.js";
import { EXIT } from "../../src/cli/index.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeIo } from "./fake-io.js";
import { FakePlane } from "./fake-plane.js";

const REF = { namespace: "default", service: "shop", id: "a1" };
const REGISTER = ["register", "--service", "shop", "--endpoint", "127.0.0.1:8080", "--id", "a1"];

type Response = SessionResponse["response"];
type Answer = (request: SessionRequest) => Response | readonly Response[] | "break" | ConnectError | undefined;

/** A control plane that answers sessions by a script for each stream, and records what it is told. */
class ScriptedSessions {
  readonly told: string[] = [];
  readonly #scripts: Answer[];

  constructor(...scripts: Answer[]) {
    this.#scripts = scripts;
  }

  readonly registry = {
    session: (requests: AsyncIterable<SessionRequest>) => this.#stream(requests),
  };

  async *#stream(requests: AsyncIterable<SessionRequest>): AsyncGenerator<SessionResponse> {
    const answer = this.#scripts.shift();
    for await (const request of requests) {
      const { request: said } = request;
      this.told.push(said.case === "open" && said.value.resumeToken !== "" ? "resume" : String(said.case));
      const response = answer?.(request);
      if (response === "break") throw new ConnectError("stopping", Code.Unavailable);
      if (response instanceof ConnectError) throw response;
      for (const one of response ? [response].flat() : []) {
        yield create(SessionResponseSchema, { requestId: request.requestId, response: one });
      }
    }
    this.told.push("half-close");
  }
}

function opened(...instances: (typeof REF)[]): Response {
  return create(SessionResponseSchema, {
    response: { case: "opened", value: { sessionId: "s-1", resumeToken: "token", instances } },
  }).response;
}

function committed(revision: bigint): Response {
  return create(SessionResponseSchema, { response: { case: "committed", value: { revision } } }).response;
}

function failed(code: Code, message: string): Response {
  return create(SessionResponseSchema, { response: { case: "failed", value: { code, message } } }).response;
}

/** Opens and registers as a healthy control plane does. */
const healthy: Answer = ({ request }) => (request.case === "open" ? opened() : committed(7n));

/** Answers `open` alone, and breaks with the registration. */
const dying: Answer = ({ request }) => (request.case === "open" ? opened() : "break");

/** Runs `register` without a command; `fast` passes every wait over. */
function startRegister(plane: FakePlane, ...more: string[]) {
  const clock = new FakeClock();
  const io = new FakeIo({ clock });
  const done = io.run(...REGISTER, "--server", plane.address, ...more);
  return { io, clock, done };
}

test("Ctrl-C half-closes the session, so that the instance leaves at once", async () => {
  const sessions = new ScriptedSessions(healthy);
  await using plane = await FakePlane.start({ registry: sessions.registry });
  const { io, done } = startRegister(plane);
  await io.stderr.until(/registered shop\/a1 \(r7\)/);
  io.send("SIGINT");
  await done;
  expect(sessions.told).toEqual(["open", "register", "half-close"]);
  expect([io.exitCode, io.listeners]).toEqual([0, 0]);
  expect(io.stderr.text).toMatch(/shop\/a1 left\n$/);
});

test("a session that outlived a broken stream is resumed, and nothing is registered again", async () => {
  let streams = 0;
  const sessions = new ScriptedSessions(healthy, ({ request }) => (request.case === "open" ? opened(REF) : undefined));
  await using plane = await FakePlane.start({
    registry: {
      session: (requests) => {
        streams++;
        return sessions.registry.session(requests);
      },
    },
  });
  const { io, clock, done } = startRegister(plane);
  await io.stderr.until(/registered/);
  plane.breakConnections();
  await io.stderr.until(/trying again/);
  clock.advance(10_000);
  await io.stderr.until(/resumed s-1: shop\/a1 stayed registered/);
  io.send("SIGTERM");
  await done;
  expect(sessions.told.filter((word) => word === "register")).toHaveLength(1);
  expect([streams, io.exitCode]).toEqual([2, 0]);
});

test("a session that is gone is opened and registered anew, at once", async () => {
  const gone = new ConnectError("no such session", Code.NotFound);
  const sessions = new ScriptedSessions(healthy, () => gone, healthy);
  await using plane = await FakePlane.start({ registry: sessions.registry });
  const { io, clock, done } = startRegister(plane);
  await io.stderr.until(/registered/);
  const before = io.stderr.text.length;
  plane.breakConnections();
  await io.stderr.until(/trying again/);
  clock.advance(10_000);
  await io.stderr.until(/registered shop\/a1/, before);
  io.send("SIGINT");
  await done;
  expect(sessions.told.filter((word) => word !== "half-close")).toEqual([
    "open",
    "register",
    "resume",
    "open",
    "register",
  ]);
});

test("a registration that was not answered is sent again in the resumed session", async () => {
  const sessions = new ScriptedSessions(dying, healthy);
  await using plane = await FakePlane.start({ registry: sessions.registry });
  const { io, clock, done } = startRegister(plane);
  await io.stderr.until(/trying again/);
  clock.advance(10_000);
  await io.stderr.until(/registered/);
  io.send("SIGINT");
  await done;
  expect(sessions.told).toEqual(["open", "register", "resume", "register", "half-close"]);
});

test("a control plane that is not there yet is waited for, and that is said once", async () => {
  const spare = await FakePlane.start({});
  await spare[Symbol.asyncDispose]();
  const { io, clock, done } = startRegister(spare);
  await io.stderr.until(/no portolan at .*; trying again/);
  const sessions = new ScriptedSessions(healthy);
  await using _plane = await FakePlane.start({ registry: sessions.registry }, spare.port);
  clock.advance(10_000);
  await io.stderr.until(/registered/);
  io.send("SIGINT");
  await done;
  expect(io.stderr.text.match(/trying again/g)).toHaveLength(1);
});

test("a registration that is refused ends with what is wrong", async () => {
  const refusing: Answer = ({ request }) =>
    request.case === "open" ? opened() : failed(Code.InvalidArgument, "the port is wrong");
  const sessions = new ScriptedSessions(refusing);
  await using plane = await FakePlane.start({ registry: sessions.registry });
  const { io, done } = startRegister(plane);
  await done;
  expect([io.exitCode, io.stderr.text]).toEqual([EXIT.usage, "portolan: the port is wrong\n"]);
});

test("what registered once is not given up because it is refused later", async () => {
  const refusing: Answer = () => new ConnectError("rules have changed", Code.InvalidArgument);
  const sessions = new ScriptedSessions(healthy, refusing, healthy);
  await using plane = await FakePlane.start({ registry: sessions.registry });
  const { io, clock, done } = startRegister(plane);
  await io.stderr.until(/registered/);
  plane.breakConnections();
  await io.stderr.until(/trying again/);
  clock.advance(10_000);
  await io.stderr.until(/rules have changed; trying again/);
  const before = io.stderr.text.length;
  clock.advance(10_000);
  await io.stderr.until(/registered/, before);
  io.send("SIGINT");
  await done;
  expect(io.exitCode).toBe(0);
});

test("whoever is superseded says so and ends with a code of its own", async () => {
  const superseded = create(SessionResponseSchema, {
    response: { case: "directive", value: { directive: { case: "superseded", value: REF } } },
  }).response;
  const sessions = new ScriptedSessions(({ request }) => (request.case === "open" ? opened() : superseded));
  await using plane = await FakePlane.start({ registry: sessions.registry });
  const { io, done } = startRegister(plane);
  await done;
  expect(io.exitCode).toBe(EXIT.superseded);
  expect(io.stderr.text).toMatch(/another holder registered shop\/a1: give this one another --id/);
});

test("a session that another stream took over ends as a superseded one", async () => {
  const info = create(ErrorInfoSchema, { reason: "SESSION_TAKEN_OVER", domain: "portolan" });
  const takenOver = new ConnectError("taken over", Code.Aborted, undefined, [{ desc: ErrorInfoSchema, value: info }]);
  const sessions = new ScriptedSessions(({ request }) => (request.case === "open" ? opened() : takenOver));
  await using plane = await FakePlane.start({ registry: sessions.registry });
  const { io, done } = startRegister(plane);
  await done;
  expect(io.exitCode).toBe(EXIT.superseded);
});

const reconnect = create(SessionResponseSchema, {
  response: { case: "directive", value: { directive: { case: "reconnect", value: { within: { seconds: 4n } } } } },
}).response;

test("who ends before an order to reconnect falls due leaves at once, and no timer behind", async () => {
  const sessions = new ScriptedSessions(({ request }) => (request.case === "open" ? opened() : reconnect));
  await using plane = await FakePlane.start({ registry: sessions.registry });
  const { io, clock, done } = startRegister(plane);
  await io.stderr.until(/about to stop/);
  io.send("SIGINT");
  await done;
  expect([clock.pending, sessions.told.at(-1)]).toEqual([0, "half-close"]);
});

test("an order to reconnect is obeyed by resuming, and said once", async () => {
  const sessions = new ScriptedSessions(
    ({ request }) => (request.case === "open" ? opened() : [committed(7n), reconnect]),
    ({ request }) => (request.case === "open" ? opened(REF) : undefined),
  );
  await using plane = await FakePlane.start({ registry: sessions.registry });
  const { io, clock, done } = startRegister(plane);
  await io.stderr.until(/about to stop/);
  clock.advance(4_000);
  while (clock.pending === 0) await new Promise(setImmediate);
  clock.advance(10_000);
  await io.stderr.until(/resumed/);
  io.send("SIGINT");
  await done;
  expect(io.stderr.text.replaceAll(plane.address, "plane").split("\n")).toEqual([
    "portolan: registered shop/a1 (r7)",
    "portolan: plane is about to stop: connecting anew",
    "portolan: resumed s-1: shop/a1 stayed registered",
    "portolan: shop/a1 left",
    "",
  ]);
});

test("an instance that was ordered out is not registered again", async () => {
  const drain = create(SessionResponseSchema, {
    response: { case: "directive", value: { directive: { case: "drain", value: REF } } },
  }).response;
  const sessions = new ScriptedSessions(
    ({ request }) => (request.case === "open" ? opened() : drain),
    ({ request }) => (request.case === "open" ? opened() : committed(9n)),
  );
  await using plane = await FakePlane.start({ registry: sessions.registry });
  const { io, clock, done } = startRegister(plane);
  await io.stderr.until(/ordered to drain/);
  plane.breakConnections();
  await io.stderr.until(/trying again/);
  clock.advance(10_000);
  await io.stderr.until(/was ordered out/);
  io.send("SIGINT");
  await done;
  expect(sessions.told.filter((word) => word === "register")).toHaveLength(1);
});

test("a control plane that never answers is given up after the timeout, and tried again", async () => {
  const sessions = new ScriptedSessions(() => undefined, healthy);
  await using plane = await FakePlane.start({ registry: sessions.registry });
  const { io, clock, done } = startRegister(plane, "--timeout", "3s");
  while (sessions.told.length === 0) await new Promise(setImmediate);
  clock.advance(3_000);
  await io.stderr.until(/trying again/);
  clock.advance(10_000);
  await io.stderr.until(/registered/);
  io.send("SIGINT");
  await done;
  expect(io.exitCode).toBe(0);
});

test("who must leave while the connection is lost makes one attempt, and tells when it was in vain", async () => {
  const sessions = new ScriptedSessions(healthy);
  const plane = await FakePlane.start({ registry: sessions.registry });
  const { io, done } = startRegister(plane, "--ttl", "30s");
  await io.stderr.until(/registered/);
  await plane[Symbol.asyncDispose]();
  await io.stderr.until(/trying again/);
  io.send("SIGINT");
  await done;
  expect(io.stderr.text).toMatch(/could not deregister shop\/a1: it leaves when 30s is over/);
  expect(io.exitCode).toBe(0);
});
