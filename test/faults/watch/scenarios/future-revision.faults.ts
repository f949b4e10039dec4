import { expect, test } from "vitest";
import { DiscoveryService } from "../../../../gen/portolan/discovery/v1/discovery_pb.js";
import { Stage } from "./stage.js";
import { caughtUp, until } from "./waiting.js";

const AHEAD = 3;

// etcd#20221, first half: a watch from a revision to come was sent notifications that named it, as if it had come.
test("a watch after a revision that was never reached starts over, and never names a revision that has not come", async () => {
  await using stage = await Stage.open();
  const newest = await stage.register(["a"]);
  const reader = stage.watch("a reader from the future", { afterRevision: newest + AHEAD });
  await until(() => reader.told.some(({ updates, synced }) => updates.length === 0 && !synced), "a bookmark");
  for (const { revision } of reader.told) expect(revision).toBe(newest);
  expect(reader.told[0]).toMatchObject({ reset: true, synced: true });
});

// etcd#20221, second half: a watch from a revision to come was sent the events before it, too, in among the new ones.
test("a watch after a revision that was never reached is told each change once, also when that revision comes", async () => {
  await using stage = await Stage.open();
  const newest = await stage.register(["a"]);
  const reader = stage.watch("a reader from the future", { afterRevision: newest + AHEAD });
  await caughtUp(newest, reader);
  for (let n = 0; n < 2 * AHEAD; n++) await stage.register(["a", `b${n}`], { version: `${n}` });
  await caughtUp(stage.acknowledged, reader);
  const recorded = stage.judge(reader);
  expect(recorded).toEqual([]);
});

// etcd#20418 (stale reads) as far as one server can have it: a read that asks for a revision never shows an earlier one.
test("Resolve waits for the revision that it is asked for, and shows no earlier state", async () => {
  await using stage = await Stage.open();
  const newest = await stage.register(["a"]);
  const request = { target: { service: "x" }, minRevision: BigInt(newest + 1) };
  const waiting = stage.connect().unary(DiscoveryService.method.resolve, request);
  await stage.register(["b"]);
  const { revision, instances } = await waiting;
  expect(Number(revision)).toBe(newest + 1);
  expect(instances.map(({ instance }) => instance?.id)).toEqual(["a", "b"]);
});
