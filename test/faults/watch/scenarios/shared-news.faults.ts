import { expect, test } from "vitest";
import { Stage, X } from "./stage.js";
import { caughtUp } from "./waiting.js";

const WATCHES = 40;
const COMMITS = 200;

// etcd#17247: a cache that several read from made an event appear twice. Ours: what many watches are told alike is made, merged and
// encoded once for all of them, also where one watch names a target twice.
test("each of many watches that share what they are told is told each change once", async () => {
  await using stage = await Stage.open();
  await stage.register(["a", "b", "c"]);
  const wire = stage.connect();
  const alike = Array.from({ length: WATCHES }, (_, n) => stage.watch(`watch ${n}`, n % 2 === 0 ? { wire } : {}));
  const twice = stage.watch("a watch with one target twice", { targets: [X, { ...X, service: "*" }, X] });
  for (let n = 0; n < COMMITS; n++) {
    const ids = n % 3 === 0 ? ["a", "b"] : ["c"];
    await (n % 10 === 9 ? stage.deregister("c") : stage.register(ids, { version: `commit ${n}` }));
  }
  await caughtUp(stage.acknowledged, ...alike, twice);
  expect(stage.judge(...alike, twice)).toEqual([]);
});
