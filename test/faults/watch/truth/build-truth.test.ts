import { expect, test } from "vitest";
import { puts, removes } from "../validators/story.js";
import { buildTruth } from "./build-truth.js";
import type { Recorded } from "./event-record.js";
import { type Deeds, WriteLog, WriterLog } from "./write.js";

const X = "default/x";

function recorded(...places: readonly (readonly [place: string, type: string])[]): Recorded {
  return { timeMs: 1, places: new Map(places.map(([place, type]) => [place, [type]])) };
}

function build(writes: WriteLog, record: ReadonlyMap<number, Recorded>, mayExpire = false) {
  const last = Math.max(writes.newest, ...record.keys());
  const { truth, faults } = buildTruth({ writes, record, last, mayExpire: () => mayExpire });
  return { faults, ids: [...truth.at("default", "x", last)].map(({ content }) => content.id) };
}

function logOf(...commits: readonly Deeds[]): WriteLog {
  const log = new WriteLog();
  const writer = new WriterLog(log);
  for (const [index, deeds] of commits.entries()) writer.acknowledge(index + 1, deeds);
  return log;
}

const SECOND = recorded([`${X}/b`, "instance.registered"]);

test("writes that the record confirms are the truth", () => {
  expect(build(logOf(puts("a"), puts("b")), new Map([[2, SECOND]]))).toEqual({ faults: [], ids: ["a", "b"] });
});

test("a write whose answer was lost is known by the record", () => {
  const log = logOf(puts("a"));
  new WriterLog(log).leaveOpen(puts("b"));
  expect(build(log, new Map([[2, SECOND]]))).toEqual({ faults: [], ids: ["a", "b"] });
});

test("a write whose answer was lost and that never happened is no part of it", () => {
  const log = logOf(puts("a"), puts("b"));
  new WriterLog(log).leaveOpen(puts("c"));
  expect(build(log, new Map([[2, SECOND]]))).toEqual({ faults: [], ids: ["a", "b"] });
});

test("what the server removes by itself is taken from the record, where it may", () => {
  const record = new Map([[2, recorded([`${X}/a`, "instance.expired"])]]);
  expect(build(logOf(puts("a")), record, true)).toEqual({ faults: [], ids: [] });
  expect(build(logOf(puts("a")), record).faults).toEqual([
    expect.stringContaining("nobody can say what revision 2 did"),
  ]);
});

test("a removal whose answer was lost is not taken for an expiry that it was part of", () => {
  const log = logOf([...puts("a"), ...puts("b")]);
  new WriterLog(log).leaveOpen(removes("a"));
  const record = new Map([[2, recorded([`${X}/a`, "instance.expired"], [`${X}/b`, "instance.expired"])]]);
  expect(build(log, record, true)).toEqual({ faults: [], ids: [] });
});

test("a record that is silent, says something else or says more is a contradiction", () => {
  const log = logOf(puts("a"), removes("a"));
  expect(build(log, new Map()).faults).toEqual(["the record says nothing of revision 2"]);
  const other = new Map([[2, recorded([`${X}/a`, "instance.registered"])]]);
  expect(build(log, other).faults).toEqual(["revision 2: default/x/a went, but the record says instance.registered"]);
  const more = new Map([[2, recorded([`${X}/a`, "instance.deregistered"], [`${X}/b`, "instance.expired"])]]);
  expect(build(log, more).faults).toEqual([
    "revision 2: the record says instance.expired of default/x/b, and nobody did that",
  ]);
});
