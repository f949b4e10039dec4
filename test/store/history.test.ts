import { expect, test } from "vitest";
import type { ChangeSet } from "../../src/model/index.js";
import { readHistory } from "../../src/store/history.js";
import { failureOf } from "../suites/store/kit.js";

function aChangeSet(revision: bigint): ChangeSet {
  return { revision, committedAtMs: 0, actor: "test", cause: "update", changes: [] };
}

/** A history in pieces of two, with a hook that runs before each piece is read. */
function reading(revisions: bigint[], beforePiece: (from: bigint) => void = () => {}) {
  const seen: bigint[] = [];
  const journal = {
    async read(from: bigint) {
      beforePiece(from);
      return revisions
        .filter((revision) => revision >= from)
        .slice(0, 2)
        .map(aChangeSet);
    },
  };
  const read = async (compactedRevision: () => bigint = () => 0n) => {
    for await (const { revision } of readHistory({ journal, compactedRevision, after: 0n, through: 5n })) {
      seen.push(revision);
    }
  };
  return { read, seen };
}

test("a reader whom compaction overtakes between two pieces is told", async () => {
  let compacted = 0n;
  const { read, seen } = reading([1n, 2n, 3n, 4n, 5n], () => {
    compacted = 4n;
  });
  const fault = { reason: "REVISION_OUT_OF_RANGE", requested: 2n, oldest: 4n, current: 5n };
  expect(await failureOf(() => read(() => compacted))).toMatchObject({ fault });
  expect(seen).toEqual([1n, 2n]);
});

test("a reader whose next record goes while it is being read is told", async () => {
  const { read, seen } = reading([1n, 2n, 4n, 5n]);
  expect(await failureOf(read)).toMatchObject({ fault: { reason: "REVISION_OUT_OF_RANGE" } });
  expect(seen).toEqual([1n, 2n]);
});

test("a reader gets all pieces in order", async () => {
  const { read, seen } = reading([1n, 2n, 3n, 4n, 5n]);
  await read();
  expect(seen).toEqual([1n, 2n, 3n, 4n, 5n]);
});
