import { expect, test } from "vitest";
import { Stage } from "./stage.js";
import { caughtUp, names, until } from "./waiting.js";

// etcd#18089: a watch missed a delete when history was compacted at the very revision of the delete.
test("a delete at the revision of the compaction is told to a reader who stood still", async () => {
  await using stage = await Stage.open();
  const labels = { filling: "x".repeat(1_000) };
  await stage.register(["a", ...names(300)], { labels });
  const reader = stage.watch("a reader who stalls");
  await until(() => reader.view.revision > 0, "the full set");
  reader.stream.stall();
  // So much that the stream is full, and far more than waits in a list.
  for (let n = 0; n < 5; n++) await stage.register(names(300), { labels, version: `${n}` });
  await stage.compact(await stage.deregister("a"));
  await stage.register(["b"]);
  reader.stream.readOn();
  await caughtUp(stage.acknowledged, reader);
  expect(reader.told.flatMap(({ updates }) => updates).flatMap(({ removed }) => removed)).toEqual(["a"]);
  expect(stage.judge(reader)).toEqual([]);
});
