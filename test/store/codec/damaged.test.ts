import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChangeSet } from "../../../src/model/index.js";
import { decodeLogRecord, encodeChangeSet, encodeLogHead } from "../../../src/store/codec/change-codec.js";
import { decodeEntity, encodeEntity } from "../../../src/store/codec/entity-codec.js";
import { decodeSession, encodeSession } from "../../../src/store/codec/session-codec.js";
import { aSession } from "../../suites/store/kit.js";
import { damaged } from "../../support/damaged.js";
import { anyChangeSets, anyEntity } from "./arbitraries.js";

const noise = fc.uint8Array({ maxLength: 64 });

/** What is read is whole: it can be written, and read again as it was. */
function expectWhole<T>(bytes: Uint8Array, decode: (bytes: Uint8Array) => T, encode: (value: T) => Uint8Array): void {
  const value = attempt(() => decode(bytes));
  if (value !== undefined) expect(decode(encode(value))).toEqual(value);
}

/** What it answers; undefined when it throws, as decoders of damaged bytes do. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return undefined;
  }
}

const entityBytes = anyEntity.map((entity) => encodeEntity(new BinaryWriter(), entity));

test("an entity's record that was damaged is refused, or read as a whole entity", () =>
  fc.assert(
    fc.property(fc.oneof({ arbitrary: damaged(entityBytes), weight: 9 }, noise), (bytes) =>
      expectWhole(bytes, decodeEntity, (entity) => encodeEntity(new BinaryWriter(), entity)),
    ),
    { numRuns: 1_000 },
  ));

test("a log record that was damaged is refused, or read as whole change sets", () =>
  fc.assert(
    fc.property(fc.oneof({ arbitrary: damaged(anyChangeSets.map(recordOf)), weight: 9 }, noise), (bytes) =>
      expectWhole(bytes, (record) => [...decodeLogRecord(record, 1n)], recordOf),
    ),
    { numRuns: 1_000 },
  ));

test("a session's record that was damaged is refused, or read as a whole session", () => {
  const session = encodeSession(aSession("s", { fenced: [{ namespace: "n", service: "s", id: "i" }] }));
  fc.assert(
    fc.property(fc.oneof({ arbitrary: damaged(fc.constant(session)), weight: 9 }, noise), (bytes) =>
      expectWhole(bytes, decodeSession, encodeSession),
    ),
    { numRuns: 1_000 },
  );
});

function recordOf(changeSets: readonly ChangeSet[]): Uint8Array {
  const writer = new BinaryWriter();
  const head = encodeLogHead(writer, changeSets.at(-1)?.committedAtMs ?? 0);
  return Buffer.concat([head, ...changeSets.map((changeSet) => encodeChangeSet(writer, changeSet).bytes)]);
}
