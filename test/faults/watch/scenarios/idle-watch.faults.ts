import { expect, test } from "vitest";
import { type Spectator, Stage } from "./stage.js";
import { caughtUp, until } from "./waiting.js";

// etcd#20262 (no row of the table, but what its users suffer most): an idle watch is stranded by compaction, because it is told every
// ten minutes only how far it is, and must start over after the next restart.
test("an idle watch is told how far it is before history goes, and so resumes without full sets", async () => {
  await using stage = await Stage.open();
  await stage.register(["a"]);
  const idle = stage.watch("an idle watch", {
    targets: [{ namespace: "default", service: "y", endpointName: "" }],
    bookmarkIntervalMs: 600_000,
  });
  await until(() => idle.view.revision > 0, "the full set");
  const last = await stage.register(["b"]);
  expect(bookmarks(idle)).toBe(0);
  await stage.compact(last);
  await caughtUp(last, idle);
  expect(bookmarks(idle)).toBe(1);
  idle.stream.cancel();

  await stage.kill();
  await stage.start();
  const resumed = stage.watch("the same again", {
    targets: idle.stream.recording(false).watching.targets,
    earlier: idle,
  });
  await until(() => resumed.told.length > 0, "the first response");
  expect(resumed.told[0]).toMatchObject({ reset: false, synced: true, updates: [] });
});

function bookmarks({ told }: Spectator): number {
  return told.filter(({ updates, synced }) => updates.length === 0 && !synced).length;
}
