import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  TelemetryCallsSchema,
  TelemetryEventBlockSchema,
  TelemetryLogSchema,
} from "../../gen/portolan/store/v1/telemetry_pb.js";
import { decodeCalls } from "../../src/telemetry/calls/cell.js";
import type { Operation } from "../../src/telemetry/disk/database.js";
import { decodeBlock } from "../../src/telemetry/events/block-codec.js";
import { cursorOperation, decodeCursor, decodeFloor, floorOperation } from "../../src/telemetry/events/record.js";
import { decodeLog } from "../../src/telemetry/logs/record.js";
import { damaged } from "../support/damaged.js";

const last = { timeMs: 1_700_000_000_000, place: { revision: 7n, order: 0 } };
const names = { namespace: "default", service: "checkout", instanceId: "a1" };

const block = toBinary(
  TelemetryEventBlockSchema,
  create(TelemetryEventBlockSchema, {
    events: [
      {
        ...names,
        ...{
          revision: 7n,
          timeMs: 1_700_000_000_000n,
          type: "instance.registered",
          actor: "anonymous",
          message: "came",
        },
        ...{ placeRevision: 7n, placeOrder: 0n },
        attributes: { cause: "register", address: "10.0.0.1:80" },
      },
    ],
  }),
);
const log = toBinary(
  TelemetryLogSchema,
  create(TelemetryLogSchema, { ...names, timeUnixNano: 1n, severity: 9, body: "é", attributes: { a: "b" } }),
);
const calls = toBinary(
  TelemetryCallsSchema,
  create(TelemetryCallsSchema, {
    ...names,
    callsByCode: { 0: 3, 14: 1 },
    boundsMs: [1, 5],
    counts: [1, 2, 1],
    sumMs: 12,
  }),
);

function recordIn(operation: Operation): Uint8Array {
  return operation.type === "put" ? operation.value : expect.unreachable();
}

/** What is wrong in a value: the paths at which nothing stands. */
function missing(value: unknown, path = ""): string[] {
  if (value === undefined || value === null) return [path];
  if (typeof value !== "object" || value instanceof Uint8Array) return [];
  const parts = value instanceof Map ? [...value] : Object.entries(value);
  return parts.flatMap(([key, part]) => missing(part, `${path}.${String(key)}`));
}

test.each([
  ["a block of events'", block, (bytes: Uint8Array) => decodeBlock(last, bytes)],
  ["a log's", log, decodeLog],
  ["a window of calls'", calls, decodeCalls],
  ["a cursor's", recordIn(cursorOperation({ revision: 7n, order: 3 })), decodeCursor],
  ["a floor's", recordIn(floorOperation(7n)), decodeFloor],
] as const)("%s record that was damaged is refused, or read whole", (_, bytes, decode) => {
  const shape = Object.keys(decode(bytes));
  const any = fc.oneof({ arbitrary: damaged(fc.constant(bytes)), weight: 9 }, fc.uint8Array({ maxLength: 64 }));
  fc.assert(
    fc.property(any, (record) => {
      let value: unknown;
      try {
        value = decode(record);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        return;
      }
      expect(missing(value)).toEqual([]);
      if (typeof value === "object") expect(Object.keys(value ?? {})).toEqual(expect.arrayContaining(shape));
    }),
    { numRuns: 1_000 },
  );
});
