import { pino } from "pino";
import { expect, test } from "vitest";
import type { Disk, Write } from "../../../src/store/level/disk.js";
import { LevelJournal } from "../../../src/store/level/level-journal.js";
import { EMPTY_TALLY } from "../../../src/store/level/tally.js";
import { aSession } from "../../suites/store/kit.js";

test("a session's record is written once a batch, as its last commit left it", async () => {
  const written: Write[] = [];
  const disk: Pick<Disk, "write"> = {
    write: (writes) => {
      written.push(...writes);
      return Promise.resolve();
    },
  };
  const log = pino({ level: "silent" });
  const acknowledged = { advance: () => {}, [Symbol.asyncDispose]: () => Promise.resolve() };
  const mark = { revision: 0n, committedAtMs: 0 };
  const start = { mark, tally: EMPTY_TALLY, sessionChecksums: new Map() };
  const journal = new LevelJournal({ disk: disk as Disk, log, acknowledged, ...start });
  const steps = [{ put: aSession("a") }, { put: aSession("b") }, { put: aSession("a") }, { delete: "b" }];
  await journal.append(steps.map((step) => journal.seal({ sessions: [step] })));
  expect(written.map(({ key, value }) => [key, value !== undefined])).toEqual([
    ["s/a", true],
    ["s/b", false],
    ["tally", true],
  ]);
});
