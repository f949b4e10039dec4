import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { reasonOf } from "../../support/caught.js";
import { type Plane, startPlane } from "../../support/plane.js";
import { opened, openStream, spec } from "./session-stream.js";

const ref = (id: string) => ({ service: "checkout", id });

async function ids(plane: Plane): Promise<string[]> {
  return (await plane.registry.listInstances({})).instances.map(({ id }) => id);
}

async function errorOf(promise: Promise<unknown>): Promise<ConnectError> {
  try {
    await promise;
  } catch (error) {
    return ConnectError.from(error);
  }
  return expect.unreachable("it went well");
}

/** Waits for what follows from the end of a stream: nothing tells the client when the server has seen it. */
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  await expect.poll(condition, { interval: 5, timeout: 5_000 }).toBe(true);
}

test("a session opens with 15 s, a token and nothing held", async () => {
  await using plane = await startPlane();
  const { stream, sessionId, resumeToken, ttl, instances } = await opened(plane);
  expect(sessionId).not.toBe("");
  expect(resumeToken).not.toBe("");
  expect([ttl?.seconds, instances]).toEqual([15n, []]);
  stream.halfClose();
  await stream.ended();
});

test("every kind of request is answered under its own id", async () => {
  await using plane = await startPlane();
  const { stream } = await opened(plane);
  const sent = new Map<bigint, string>();
  sent.set(stream.send({ case: "register", value: { instance: spec("a1") } }), "committed");
  sent.set(stream.send({ case: "ping", value: {} }), "pong");
  sent.set(stream.send({ case: "register", value: { instance: spec("A 1") } }), "failed");
  const update = { instance: { ...ref("a1"), version: "2" }, updateMask: { paths: ["version"] } };
  sent.set(stream.send({ case: "update", value: update }), "committed");
  sent.set(stream.send({ case: "deregister", value: { instance: ref("a1") } }), "committed");
  const answers = new Map<bigint, string | undefined>();
  while (answers.size < sent.size) {
    const { requestId, response } = await stream.next();
    answers.set(requestId, response.case);
  }
  for (const [id, kind] of sent) expect(answers.get(id), `request ${id}`).toBe(kind);
  stream.halfClose();
  await stream.ended();
});

test("a request that fails says what a unary call would have said, and the session goes on", async () => {
  await using plane = await startPlane();
  const { stream } = await opened(plane);
  stream.send({ case: "register", value: { instance: spec("a1"), expectedRevision: 9n } });
  const { response } = await stream.next();
  expect(response).toMatchObject({ case: "failed", value: { code: Code.Aborted, reason: "REVISION_CONFLICT" } });
  if (response.case === "failed") {
    expect(response.value.message).not.toBe("");
    expect(response.value.details.map(({ typeUrl }) => typeUrl)).toContain("type.googleapis.com/google.rpc.ErrorInfo");
  }
  stream.send({ case: "register", value: { instance: spec("a1") } });
  expect((await stream.next()).response.case).toBe("committed");
  stream.halfClose();
  await stream.ended();
});

test("a request that is none fails alone", async () => {
  await using plane = await startPlane();
  const { stream } = await opened(plane);
  stream.send({ case: undefined });
  expect((await stream.next()).response).toMatchObject({ case: "failed", value: { reason: "FIELDS_INVALID" } });
  stream.halfClose();
  await stream.ended();
});

test("what was registered is seen by a read after the answer, held by the session", async () => {
  await using plane = await startPlane();
  const { stream, sessionId } = await opened(plane);
  stream.send({ case: "register", value: { instance: spec("a1") } });
  const { response } = await stream.next();
  const { instance, revision } = await plane.registry.getInstance({ instance: ref("a1") });
  expect(response).toMatchObject({ case: "committed", value: { revision } });
  expect([instance?.sessionId, instance?.ttl, instance?.expiresAt]).toEqual([sessionId, undefined, undefined]);
  stream.halfClose();
  await stream.ended();
});

test("half-close deregisters everything at once, also what was still in flight, and the stream ends OK", async () => {
  await using plane = await startPlane();
  const { stream } = await opened(plane);
  for (let index = 0; index < 50; index++) stream.send({ case: "register", value: { instance: spec(`a${index}`) } });
  stream.halfClose();
  await stream.ended();
  expect(await ids(plane)).toEqual([]);
  expect((await plane.registry.getService({ name: "checkout" })).service?.instanceCount).toBe(0);
});

test("a stream that is reset leaves its instances, and resuming takes them over without a commit", async () => {
  await using plane = await startPlane();
  const first = await opened(plane);
  first.stream.send({ case: "register", value: { instance: spec("a1") } });
  await first.stream.next();
  const before = (await plane.registry.listInstances({})).revision;
  first.stream.cancel();
  await until(() => plane.app.rooms.registry.sessionCounts().attached === 0);
  expect(await ids(plane)).toEqual(["a1"]);

  const second = await opened(plane, { resumeToken: first.resumeToken });
  expect(second.sessionId).toBe(first.sessionId);
  expect(second.instances).toMatchObject([{ namespace: "default", ...ref("a1") }]);
  expect((await plane.registry.listInstances({})).revision).toBe(before);
  second.stream.halfClose();
  await second.stream.ended();
  expect(await ids(plane)).toEqual([]);
});

test("taking over a session ends the old stream with ABORTED", async () => {
  await using plane = await startPlane();
  const first = await opened(plane);
  const second = await opened(plane, { resumeToken: first.resumeToken });
  const error = await errorOf(first.stream.ended());
  expect([error.code, reasonOf(error)]).toEqual([Code.Aborted, "SESSION_TAKEN_OVER"]);
  second.stream.halfClose();
  await second.stream.ended();
});

test("a session that loses an instance is told, with request_id 0, and may not touch it any more", async () => {
  await using plane = await startPlane();
  const { stream } = await opened(plane);
  stream.send({ case: "register", value: { instance: spec("a1") } });
  await stream.next();
  await plane.registry.register({ instance: spec("a1") });
  const { requestId, response } = await stream.next();
  expect([requestId, response.case]).toEqual([0n, "directive"]);
  expect(response.value).toMatchObject({ directive: { case: "superseded", value: ref("a1") } });
  stream.send({ case: "register", value: { instance: spec("a1") } });
  expect((await stream.next()).response).toMatchObject({
    case: "failed",
    value: { code: Code.FailedPrecondition, reason: "SUPERSEDED" },
  });
  stream.halfClose();
  await stream.ended();
  expect(await ids(plane)).toEqual(["a1"]);
});

test("a stream that does not begin with open ends with FAILED_PRECONDITION", async () => {
  await using plane = await startPlane();
  const stream = openStream(plane);
  stream.send({ case: "ping", value: {} });
  const error = await errorOf(stream.next());
  expect([error.code, reasonOf(error)]).toEqual([Code.FailedPrecondition, "SESSION_NOT_OPEN"]);
});

test("a second open ends the stream, and its instances wait for a resume", async () => {
  await using plane = await startPlane();
  const { stream } = await opened(plane);
  stream.send({ case: "register", value: { instance: spec("a1") } });
  await stream.next();
  stream.send({ case: "open", value: {} });
  const error = await errorOf(stream.ended());
  expect([error.code, reasonOf(error)]).toEqual([Code.FailedPrecondition, "SESSION_NOT_OPEN"]);
  expect(await ids(plane)).toEqual(["a1"]);
});

test.each([
  [{ ttl: { seconds: 0n } }, Code.InvalidArgument, "FIELDS_INVALID"],
  [{ resumeToken: "nobody's" }, Code.NotFound, "NOT_FOUND"],
] as const)("an open that fails ends the stream: %o", async (open, code, reason) => {
  await using plane = await startPlane();
  const error = await errorOf(opened(plane, open));
  expect([error.code, reasonOf(error)]).toEqual([code, reason]);
});

test("a stream that half-closes before it opened ends OK", async () => {
  await using plane = await startPlane();
  const stream = openStream(plane);
  stream.halfClose();
  await stream.ended();
});

test("two thousand requests in one go are all answered", async () => {
  await using plane = await startPlane({ flags: { "session-max-in-flight": "10" } });
  const { stream } = await opened(plane);
  for (let index = 0; index < 2_000; index++) stream.send({ case: "register", value: { instance: spec(`a${index}`) } });
  const answered = new Set<bigint>();
  while (answered.size < 2_000) {
    const { requestId, response } = await stream.next();
    expect(response.case).toBe("committed");
    answered.add(requestId);
  }
  stream.halfClose();
  await stream.ended();
});

test("who resumes is told what was ordered to drain in the meantime", async () => {
  await using plane = await startPlane();
  const first = await opened(plane);
  for (const id of ["a", "b"]) {
    first.stream.send({ case: "register", value: { instance: spec(id) } });
    await first.stream.next();
  }
  first.stream.cancel();
  await until(async () => (await plane.admin.getInfo({})).sessions === 0);
  await plane.registry.deregister({ instance: ref("a"), drain: { seconds: 60n } });
  const { stream, instances } = await opened(plane, { resumeToken: first.resumeToken });
  expect(instances.map(({ id }) => id)).toEqual(["a", "b"]);
  expect((await stream.next()).response.value).toMatchObject({ directive: { case: "drain", value: ref("a") } });
  stream.halfClose();
  await stream.ended();
});
