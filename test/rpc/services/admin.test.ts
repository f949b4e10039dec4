import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { durationMsFromProto, timestampMsFromProto } from "../../../src/rpc/translate/index.js";
import { caught, fieldsOf, reasonOf } from "../../support/caught.js";
import { startPlane } from "../../support/plane.js";
import { opened, spec } from "./session-stream.js";

test("GetInfo tells what runs, and how much of it", async () => {
  const before = Date.now();
  await using plane = await startPlane();
  await plane.registry.registerBatch({
    requests: [{ instance: spec("a1") }, { instance: spec("x", { service: "cart" }) }],
  });
  const { stream } = await opened(plane);
  const info = await plane.admin.getInfo({});
  expect(info).toMatchObject({ store: "memory", revision: 1n, oldestRevision: 0n });
  expect(info).toMatchObject({ services: 2, instances: 2, sessions: 1, watches: 0, xdsStreams: 0 });
  expect(info.version).toMatch(/^[0-9]+\.[0-9]+\.[0-9]+/);
  expect(info.startedAt && timestampMsFromProto(info.startedAt)).toBeGreaterThanOrEqual(before);
  expect(info.uptime && durationMsFromProto(info.uptime)).toBeGreaterThanOrEqual(0);
  expect(info.members).toMatchObject([{ address: plane.grpcAddress, leader: true }]);
  stream.halfClose();
  await stream.ended();
});

test("GetInfo counts sessions whose stream is there, and not those that wait to be resumed", async () => {
  await using plane = await startPlane();
  const { stream } = await opened(plane);
  stream.cancel();
  await expect.poll(async () => (await plane.admin.getInfo({})).sessions, { interval: 5, timeout: 5_000 }).toBe(0);
});

test("a backup comes in chunks of at most 1 MiB while writes go on", async () => {
  await using plane = await startPlane();
  const labels = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`k${index}`, "v".repeat(1_000)]));
  for (let batch = 0; batch < 2; batch++) {
    const requests = Array.from({ length: 50 }, (_, index) => ({ instance: spec(`a${batch}-${index}`, { labels }) }));
    await plane.registry.registerBatch({ requests });
  }
  const sizes: number[] = [];
  for await (const { chunk } of plane.admin.backup({})) {
    sizes.push(chunk.length);
    await plane.registry.putService({ service: { name: "later", description: String(sizes.length) } });
  }
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1_048_576);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(4_000_000);
});

test("a backup that is cancelled ends on the server too", async () => {
  await using plane = await startPlane();
  await plane.registry.register({ instance: spec("a1") });
  const abort = new AbortController();
  const chunks = plane.admin.backup({}, { signal: abort.signal });
  abort.abort();
  expect((await caught(chunks)).code).toBe(Code.Canceled);
});

test("Compact forgets history up to the revision, and GetInfo says so", async () => {
  await using plane = await startPlane();
  for (const owner of ["a", "b", "c"]) await plane.registry.putService({ service: { name: "s", owner } });
  expect((await plane.admin.compact({ revision: 2n })).oldestRevision).toBe(2n);
  expect((await plane.admin.getInfo({})).oldestRevision).toBe(2n);
});

test("Compact beyond the current revision is OUT_OF_RANGE", async () => {
  await using plane = await startPlane();
  const error = await caught(plane.admin.compact({ revision: 1n }));
  expect([error.code, reasonOf(error)]).toEqual([Code.OutOfRange, "REVISION_OUT_OF_RANGE"]);
  expect(fieldsOf(await caught(plane.admin.compact({ revision: -1n })))).toEqual(["revision"]);
});
