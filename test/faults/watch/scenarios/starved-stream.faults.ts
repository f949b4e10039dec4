import { expect, test } from "vitest";
import { Stage } from "./stage.js";
import { caughtUp, names, until } from "./waiting.js";

/** More changes than the server keeps in memory (100,000), and than a reader's own buffers take before he stalls. */
const COMMITS = 110;
const INSTANCES = 1_000;

// etcd#17529: events vanished when many watches shared a stream and the next revision of a slow one was compacted. Ours: a reader who
// stood still until his history was gone is told how everything stands, each service with reset.
test("a reader who stood still while his history went is told how everything stands", async () => {
  await using stage = await Stage.open();
  await stage.register(["gone", ...names(500)], { labels: { filling: "x".repeat(500) } });
  await stage.register(["only"], { service: "deleted" });
  const wire = stage.connect();
  const starved = stage.watch("a starved reader", { wire });
  const everything = stage.watch("a starved reader of everything", {
    wire,
    targets: [{ namespace: "default", service: "*", endpointName: "" }],
  });
  await until(() => starved.view.revision > 0 && everything.view.revision > 0, "full sets");
  for (const { stream } of [starved, everything]) stream.stall();
  for (let n = 0; n < COMMITS; n++) await stage.register(names(INSTANCES, "many"), { version: `${n}` });
  await stage.deregister("gone");
  await stage.deleteService("deleted");
  await stage.compact(stage.acknowledged);
  await stage.register(["after"]);
  for (const { stream } of [starved, everything]) stream.readOn();
  await caughtUp(stage.acknowledged, starved, everything);
  for (const { told } of [starved, everything]) {
    const restated = told.slice(told.findIndex(({ synced }) => synced) + 1).flatMap(({ updates }) => updates);
    expect(restated.filter(({ reset }) => reset)).not.toEqual([]);
  }
  expect(stage.judge(starved, everything)).toEqual([]);
});
