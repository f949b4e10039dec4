import { expect, test } from "vitest";
import { Stage } from "./stage.js";
import { caughtUp } from "./waiting.js";

// etcd#15271: a watch went back in time when its client came to another member. Ours: when its client comes back to a server that
// has crashed in the meantime.
test("a watch that comes back after a crash never goes back in time, and misses nothing", async () => {
  await using stage = await Stage.open();
  let reader = stage.watch("before any crash");
  await caughtUp(await stage.register(["a", "b"]), reader);
  for (let crash = 1; crash <= 3; crash++) {
    const earlier = reader;
    earlier.stream.cancel();
    await stage.register(["a"], { version: `missed ${crash}` });
    const last = await stage.deregister("b");
    await stage.kill();
    await stage.start();
    reader = stage.watch(`after crash ${crash}`, { earlier });
    await caughtUp(last, reader);
    expect(reader.told[0]).toMatchObject({ reset: false, synced: true, revision: last, merged: 0 });
    expect(stage.judge(reader)).toEqual([]);
    await caughtUp(await stage.register(["b"]), reader);
  }
  expect(stage.judge(reader)).toEqual([]);
});
