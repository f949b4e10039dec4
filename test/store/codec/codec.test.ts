import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EntitySchema, LogRecordSchema, SessionSchema } from "../../../gen/portolan/store/v1/store_pb.js";
import type { ChangeSet } from "../../../src/model/index.js";
import {
  decodeLogRecord,
  decodeLogSpan,
  encodeChangeSet,
  encodeLogHead,
} from "../../../src/store/codec/change-codec.js";
import { decodeEntity, encodeEntity } from "../../../src/store/codec/entity-codec.js";
import { decodeSession, encodeSession } from "../../../src/store/codec/session-codec.js";
import { anyChangeSets, anyEntity } from "./arbitraries.js";
import { GOLDEN, GOLDEN_RECORD_OF_FORMAT_1 } from "./golden.js";

test("an entity comes back from its record as it was", () =>
  fc.assert(
    fc.property(anyEntity, (entity) => {
      expect(decodeEntity(encodeEntity(new BinaryWriter(), entity))).toEqual(entity);
    }),
  ));

test("the records are the messages of store.proto", () =>
  fc.assert(
    fc.property(anyEntity, (entity) => {
      const bytes = encodeEntity(new BinaryWriter(), entity);
      const message = fromBinary(EntitySchema, bytes);
      expect(message.entity.value).not.toHaveProperty("$unknown");
      expect(decodeEntity(toBinary(EntitySchema, message))).toEqual(entity);
    }),
  ));

test("a log record comes back as the change sets that were written, from any revision on", () =>
  fc.assert(
    fc.property(anyChangeSets, fc.nat({ max: 10 }), (changeSets, skipped) => {
      const first = BigInt(skipped + 1);
      const bytes = logRecordOf(changeSets);
      expect([...decodeLogRecord(bytes, first)]).toEqual(changeSets.filter(({ revision }) => revision >= first));
      expect(decodeLogSpan(bytes)).toEqual({ first: 1n, committedAtMs: changeSets.at(-1)?.committedAtMs });
      expect(fromBinary(LogRecordSchema, bytes).changeSets).toHaveLength(changeSets.length);
    }),
  ));

test("a log record has its head also when the clock stood at 0", () => {
  const changeSet = { ...GOLDEN, committedAtMs: 0 };
  expect(decodeLogSpan(logRecordOf([changeSet]))).toEqual({ first: GOLDEN.revision, committedAtMs: 0 });
});

test("the new entities of a change set are encoded as the state keeps them", () =>
  fc.assert(
    fc.property(anyChangeSets, (changeSets) => {
      for (const changeSet of changeSets) {
        const { after } = encodeChangeSet(new BinaryWriter(), changeSet);
        expect(after.map((bytes) => bytes && decodeEntity(bytes))).toEqual(
          changeSet.changes.map((change) => change.after),
        );
      }
    }),
  ));

test("cut records are refused and never half read", () =>
  fc.assert(
    fc.property(anyEntity, fc.nat(), (entity, cut) => {
      const bytes = encodeEntity(new BinaryWriter(), entity);
      expect(() => decodeEntity(bytes.subarray(0, cut % bytes.length))).toThrow();
    }),
  ));

test("numbers that this program does not know are refused", () => {
  const instanceOfUnknownHealth = Uint8Array.of(0x12, 2, 0x58, 99);
  expect(() => decodeEntity(instanceOfUnknownHealth)).toThrow("unknown health 99");
});

test("a record that format 1 wrote stays readable", () => {
  const bytes = Buffer.from(GOLDEN_RECORD_OF_FORMAT_1, "base64");
  expect([...decodeLogRecord(bytes, 1n)]).toEqual([GOLDEN]);
  expect(decodeLogSpan(bytes)).toEqual({ first: GOLDEN.revision, committedAtMs: GOLDEN.committedAtMs });
});

test("a session comes back from its record as it was, also as the schema reads and writes it", () => {
  const text = fc.string({ unit: "grapheme" });
  const sessions = fc.record({
    id: text,
    client: text,
    ttlMs: fc.nat(4_294_967_295),
    tokenHash: fc.uint8Array({ maxLength: 40 }),
    openedAtMs: fc.maxSafeNat(),
    fenced: fc.array(fc.record({ namespace: text, service: text, id: text }), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(sessions, (session) => {
      const bytes = encodeSession(session);
      expect(decodeSession(bytes)).toEqual(session);
      expect(toBinary(SessionSchema, fromBinary(SessionSchema, bytes))).toEqual(bytes);
    }),
  );
});

function logRecordOf(changeSets: readonly ChangeSet[]): Uint8Array {
  const writer = new BinaryWriter();
  const head = encodeLogHead(writer, changeSets.at(-1)?.committedAtMs ?? 0);
  return Buffer.concat([head, ...changeSets.map((changeSet) => encodeChangeSet(writer, changeSet).bytes)]);
}
