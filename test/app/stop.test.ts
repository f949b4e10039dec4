import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { caught, reasonOf } from "../support/caught.js";
import { deferred } from "../support/deferred.js";
import { startDirectory } from "../support/directory.js";
import { startPlane } from "../support/plane.js";

const INSTANCE = { service: "checkout", id: "a", endpoints: [{ host: "10.0.0.1", port: 8080 }] };
const OPEN = { requestId: 1n, request: { case: "open" as const, value: { client: "test" } } };
const REGISTER = { requestId: 2n, request: { case: "register" as const, value: { instance: INSTANCE } } };

describe("a graceful stop", () => {
  test("ends a watch with a last bookmark and without an error", async () => {
    const plane = await startPlane();
    await plane.registry.register({ instance: INSTANCE });
    const revisions: bigint[] = [];
    for await (const { revision, synced, updates } of plane.discovery.watch({ targets: [{ service: "checkout" }] })) {
      revisions.push(revision);
      if (synced) void plane.app.stop();
      if (revisions.length > 1) expect(updates).toEqual([]);
    }
    expect(revisions).toEqual([1n, 1n]);
    await plane[Symbol.asyncDispose]();
  });

  test("tells sessions to reconnect, then ends their streams; their instances stay for the restart", async () => {
    const plane = await startPlane({ store: "level", flags: { "shutdown-announce": "200ms" } });
    const heard: (string | undefined)[] = [];
    const over = deferred();
    async function* requests() {
      yield OPEN;
      yield REGISTER;
      await over.promise;
    }
    const error = await caught(
      (async () => {
        for await (const { response } of plane.registry.session(requests())) {
          heard.push(response.case === "directive" ? response.value.directive.case : response.case);
          if (response.case === "committed") void plane.app.stop();
        }
      })(),
    );
    over.resolve();
    expect(heard).toEqual(["opened", "committed", "reconnect"]);
    expect([error.code, reasonOf(error)]).toEqual([Code.Unavailable, "SHUTTING_DOWN"]);
    await plane.app.stop();
    await plane[Symbol.asyncDispose]();
  });

  test("refuses calls that begin while it gives sessions time, and says when to try again", async () => {
    const plane = await startPlane({ flags: { "shutdown-announce": "10s" } });
    const leave = deferred();
    const told = deferred();
    async function* requests() {
      yield OPEN;
      await leave.promise;
    }
    const session = (async () => {
      for await (const { response } of plane.registry.session(requests())) {
        if (response.case === "opened") void plane.app.stop();
        if (response.case === "directive") told.resolve();
      }
    })();
    await told.promise;
    const error = await caught(plane.registry.getInstance({ instance: INSTANCE }));
    expect([error.code, reasonOf(error)]).toEqual([Code.Unavailable, "SHUTTING_DOWN"]);
    expect((await fetch(`${plane.httpUrl}/healthz`)).status).toBe(503);
    leave.resolve();
    await session;
    await plane.app.stop();
    await plane[Symbol.asyncDispose]();
  });

  test("ends tails, which never end by themselves", async () => {
    const plane = await startPlane();
    const tail = caught(plane.telemetry.tailEvents({}));
    while (plane.app.calls.size === 0) await new Promise((resolve) => setImmediate(resolve));
    await plane.app.stop();
    expect((await tail).code).toBe(Code.Unavailable);
    await plane[Symbol.asyncDispose]();
  });

  test("cuts connections that do not go within the grace", async () => {
    const plane = await startPlane({ flags: { "shutdown-grace": "50ms" } });
    const socket = connectTcp(Number(new URL(plane.grpcUrl).port), "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "data");
    const closed = once(socket, "close");
    await plane.app.stop();
    await closed;
    await plane[Symbol.asyncDispose]();
  });

  test("does not wait for a client that never ends its side of a stream, once it was told the end", async () => {
    const plane = await startPlane({ flags: { "shutdown-grace": "10m", "shutdown-announce": "0s" } });
    const { resolve: leave, promise: left } = deferred();
    const requests = (async function* () {
      yield OPEN;
      await left;
    })();
    const told = (async () => {
      for await (const { response } of plane.registry.session(requests)) {
        if (response.case === "opened") void plane.app.stop();
      }
    })().catch(() => {});
    await told;
    await plane.app.stop();
    leave();
    await plane[Symbol.asyncDispose]();
  });

  test("is one stop, however often it is asked for", async () => {
    const plane = await startPlane();
    expect(plane.app.stop()).toBe(plane.app.stop());
    await plane[Symbol.asyncDispose]();
  });
});

test("what was acknowledged before a stop stands after the restart, and a session resumes", async () => {
  await using directory = await startDirectory();
  const first = await startPlane({ store: "level", dataDir: directory.path });
  const over = deferred();
  async function* requests() {
    yield OPEN;
    yield REGISTER;
    await over.promise;
  }
  let resumeToken = "";
  await caught(
    (async () => {
      for await (const { response } of first.registry.session(requests())) {
        if (response.case === "opened") resumeToken = response.value.resumeToken;
        if (response.case === "committed") void first.app.stop();
      }
    })(),
  );
  over.resolve();
  await first[Symbol.asyncDispose]();

  await using second = await startPlane({ store: "level", dataDir: directory.path });
  expect((await second.registry.listInstances({ service: "checkout" })).instances).toMatchObject([{ id: "a" }]);
  async function* resume() {
    yield { requestId: 1n, request: { case: "open" as const, value: { resumeToken } } };
  }
  const answers: unknown[] = [];
  for await (const { response } of second.registry.session(resume())) answers.push(response);
  expect(answers).toMatchObject([{ case: "opened", value: { instances: [{ service: "checkout", id: "a" }] } }]);
});
