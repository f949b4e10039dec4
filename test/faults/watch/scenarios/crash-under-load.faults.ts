import { expect, test } from "vitest";
import { Stage } from "./stage.js";
import { caughtUp, names, until } from "./waiting.js";

const CRASHES = 3;

// etcd#13766 (revisions that differ after a crash under load) and etcd#14370 (an acknowledged write lost by a crash): what was
// told, by an answer or by a watch, must be there after it, at the revision that it had.
test("what a watch was told before a crash under load is there after it, at the same revision", async () => {
  await using stage = await Stage.open();
  let reader = stage.watch("before any crash");
  for (let crash = 1; crash <= CRASHES; crash++) {
    const writing = [...Array(20).keys()].map((writer) => writeUntilRefused(stage, `${crash}-${writer}`));
    await until(() => reader.view.revision > crash * 100, "some load");
    await stage.kill();
    await Promise.all(writing);
    const told = reader.view;
    await stage.start();

    const newest = Number((await stage.info()).revision);
    expect(newest).toBeGreaterThanOrEqual(Math.max(told.revision, stage.acknowledged));
    reader.stream.cancel();
    reader = stage.watch(`after crash ${crash}`, { earlier: reader });
    const whole = stage.watch(`anew after crash ${crash}`);
    await caughtUp(newest, reader, whole);
    expect(reader.told[0]?.reset).toBe(false);
    expect(held(reader)).toEqual(held(whole));
    for (const [id, print] of held({ view: told })) expect(held(whole).get(id)).toBe(print);
    for (const id of stage.acknowledgedIds) expect([...held(whole).keys()]).toContain(id);
    whole.stream.cancel();
  }
});

/** Each registration is of an instance of its own, so that what stood before a crash stands unchanged after it. */
async function writeUntilRefused(stage: Stage, writer: string): Promise<void> {
  for (let n = 0; ; n++) {
    try {
      await stage.register(names(3, `${writer}-${n}`));
    } catch {
      return;
    }
  }
}

function held({ view }: Pick<ReturnType<Stage["watch"]>, "view">): ReadonlyMap<string, string> {
  return view.services.get("0 default/x")?.instances ?? new Map();
}
