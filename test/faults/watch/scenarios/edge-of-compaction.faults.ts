import { describe, expect, test } from "vitest";
import { Stage } from "./stage.js";
import { caughtUp } from "./waiting.js";

// etcd#19179: a watch that was opened at the revision of the compaction missed the delete that was made there. Before a restart
// recent history is in memory, after it on disk: the edge must be the same.
describe.each([{ restarts: false }, { restarts: true }])(
  "at the edge of the compaction (restarts: $restarts)",
  ({ restarts }) => {
    async function compacted(behind: number): Promise<{ stage: Stage; before: number; deleted: number }> {
      const stage = await Stage.open();
      const before = await stage.register(["a", "b"]);
      const deleted = await stage.deregister("a");
      await stage.register(["b"], { version: "2" });
      await stage.compact(deleted - behind);
      if (restarts) {
        await stage.kill();
        await stage.start();
      }
      return { stage, before, deleted };
    }

    test("a watch resumed at it is told of the delete right behind it", async () => {
      const { stage, before } = await compacted(1);
      await using _ = stage;
      const reader = stage.watch("resumed at the compaction", { afterRevision: before });
      await caughtUp(stage.acknowledged, reader);
      expect(reader.told[0]).toMatchObject({ reset: false, updates: [{ removed: ["a"] }] });
    });

    test("a watch resumed before it starts over without what was deleted there", async () => {
      const { stage, before } = await compacted(0);
      await using _ = stage;
      const reader = stage.watch("resumed below the compaction", { afterRevision: before });
      await caughtUp(stage.acknowledged, reader);
      expect(reader.told[0]).toMatchObject({ reset: true, updates: [{ put: [{ id: "b" }], removed: [] }] });
      expect(stage.judge(reader)).toEqual([]);
    });

    test("a watch resumed at a delete that was compacted goes on behind it", async () => {
      const { stage, deleted } = await compacted(0);
      await using _ = stage;
      const reader = stage.watch("resumed at the delete", { afterRevision: deleted });
      await caughtUp(stage.acknowledged, reader);
      expect(reader.told[0]).toMatchObject({ reset: false, updates: [{ put: [{ id: "b" }], removed: [] }] });
    });
  },
);
