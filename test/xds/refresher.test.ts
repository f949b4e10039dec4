import { expect, test } from "vitest";
import { sourceKey } from "../../src/xds/audience.js";
import type { Source } from "../../src/xds/builder.js";
import type { Namespaces } from "../../src/xds/namespaces.js";
import { Refresher, type RefresherOptions } from "../../src/xds/refresher.js";
import { FakeClock } from "../support/fake-clock.js";

/** A refresher whose work a test sees, and whose turns it takes. */
function open(costMs: Readonly<Record<string, number>> = {}) {
  const clock = new FakeClock();
  const made: string[] = [];
  const turns: (() => void)[] = [];
  /** Services that look otherwise than is remembered. */
  const differing = new Set<string>();
  const topics: RefresherOptions["topics"] = {
    isUsed: (source) => !sourceKey(source).startsWith("quiet"),
    refresh(source: Source, atMs: number) {
      made.push(`${sourceKey(source)} ${atMs}`);
      clock.advance(costMs[sourceKey(source)] ?? 0);
    },
    settle: () => void made.push("settled"),
  };
  const namespaces: Pick<Namespaces, "differs" | "refresh"> = {
    differs: ({ name }) => differing.has(name),
    refresh: ({ name }) => void differing.delete(name),
  };
  const refresher = new Refresher({ topics, namespaces, clock, soon: (run) => turns.push(run) });
  const change = (name: string, atMs: number, namespace = "default") => refresher.changed([{ namespace, name }], atMs);
  const turn = () => {
    for (const run of turns.splice(0)) run();
    return made.splice(0);
  };
  return { clock, made, differing, refresher, change, turn };
}

test("changes that come before the turn are made together, with the time of the first", () => {
  const { change, turn } = open();
  change("a", 5);
  change("a", 6);
  change("b", 7);
  expect(turn()).toEqual(["default/a 5", "default/b 7", "settled"]);
  expect(turn()).toEqual([]);
});

test("what nobody asks for is not made", () => {
  const { change, turn } = open();
  change("unused", 5, "quiet");
  expect(turn()).toEqual([]);
});

test("a service that looks otherwise has its namespace made, after it", () => {
  const { change, turn, differing } = open();
  differing.add("a");
  change("a", 5);
  change("b", 6);
  expect(turn()).toEqual(["default/a 5", "default/b 6", "default 5", "settled"]);
});

test("what is heavy rests, and others do not wait for it", () => {
  const { change, turn, clock, made } = open({ "default/a": 20 });
  change("a", 1);
  turn();
  change("a", 2);
  change("b", 3);
  expect(turn()).toEqual(["default/b 3", "settled"]);
  change("a", 4);
  change("b", 5);
  expect(turn()).toEqual(["default/b 5", "settled"]);
  clock.advance(99);
  expect(made).toEqual([]);
  clock.advance(1);
  expect(made.splice(0)).toEqual(["default/a 2", "settled"]);
});

test("a service that looks otherwise waits while its namespace rests: both are told together", () => {
  const { change, turn, differing, clock, made } = open({ default: 20 });
  differing.add("a");
  change("a", 1);
  turn();
  differing.add("b");
  change("b", 2);
  expect(turn()).toEqual(["settled"]);
  clock.advance(100);
  expect(made.splice(0)).toEqual(["default/b 2", "default 2", "settled"]);
});

test("it rests no longer than a second", () => {
  const { change, turn, clock, made } = open({ "default/a": 5_000 });
  change("a", 1);
  turn();
  change("a", 2);
  turn();
  made.splice(0);
  clock.advance(1_000);
  expect(made).toEqual(["default/a 2", "settled"]);
});

test("a closed one makes nothing", () => {
  const { change, turn, refresher } = open();
  change("a", 1);
  refresher.close();
  expect(turn()).toEqual([]);
});
