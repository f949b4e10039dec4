import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Stage } from "./stage.js";
import { caughtUp, names, until } from "./waiting.js";

/** Longer than the interval of bookmarks: some fall due while changes wait. */
const STALL_MS = 2_500;

// etcd#15220: a progress notification that was not in step with the stream overtook events that it covered.
test("a bookmark never overtakes a change that waits for its reader", async () => {
  await using stage = await Stage.open();
  const labels = { filling: "x".repeat(1_000) };
  await stage.register(names(300), { labels });
  const slow = stage.watch("a reader who stalls");
  const idle = stage.watch("a reader of another service", {
    targets: [{ namespace: "default", service: "y", endpointName: "" }],
  });
  await until(() => slow.view.revision > 0 && idle.view.revision > 0, "full sets");
  for (let round = 0; round < 3; round++) {
    slow.stream.stall();
    for (let n = 0; n < 4; n++) await stage.register(names(300), { labels, version: `${round}.${n}` });
    await sleep(STALL_MS);
    slow.stream.readOn();
  }
  await caughtUp(stage.acknowledged, slow, idle);
  expect(idle.told.filter(({ updates, synced }) => updates.length === 0 && !synced).length).toBeGreaterThan(0);
  expect(stage.judge(slow, idle)).toEqual([]);
});
