import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Stage } from "./stage.js";
import { caughtUp, names } from "./waiting.js";

/** After the request to compact: before its mark, about it, while records go. */
const MOMENTS_MS = [0, 3, 10, 40];
const REVISIONS = 500;

// etcd#17780: a crash during compaction made the revision go back. (Also what etcd#14685, a crash during defragmentation, comes to
// for us: the store's files are put in order by LevelDB, and history goes in pieces.)
test("revisions go on from where they were when the server dies while it compacts", async () => {
  await using stage = await Stage.open();
  let reader = stage.watch("before any crash");
  for (const moment of MOMENTS_MS) {
    await Promise.all(names(REVISIONS / 10).map((id) => registerTen(stage, id)));
    const last = stage.acknowledged;
    await caughtUp(last, reader);
    reader.stream.cancel();
    const compacting = stage.compact(last).catch(() => undefined);
    await sleep(moment);
    await stage.kill();
    await compacting;
    await stage.start();

    const { revision, oldestRevision } = await stage.info();
    expect(Number(revision)).toBe(last);
    expect(Number(oldestRevision)).toBeLessThanOrEqual(last);
    reader = stage.watch(`after the crash ${moment} ms into compacting`, { earlier: reader });
    expect(await stage.register(["next"], { version: `${moment}` })).toBe(last + 1);
    await caughtUp(last + 1, reader);
    expect(reader.told[0]?.reset).toBe(false);
    expect(stage.judge(reader)).toEqual([]);
  }
});

async function registerTen(stage: Stage, id: string): Promise<void> {
  for (let n = 0; n < 10; n++) await stage.register([id], { version: `${stage.acknowledged}` });
}
