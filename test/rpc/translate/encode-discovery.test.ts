import { fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ResolveResponseSchema, WatchResponseSchema } from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import type { Discovered, ServiceUpdate, WatchBatch } from "../../../src/discovery/index.js";
import {
  resolutionToProto,
  watchBatchToProto,
  writeResolution,
  writeWatchBatch,
} from "../../../src/rpc/translate/index.js";
import { anyInstance } from "./arbitraries.js";
import { written } from "./written.js";

const discovered: fc.Arbitrary<Discovered> = fc.record({
  instance: anyInstance,
  priority: fc.nat(3),
  effectiveWeight: fc.nat(10_000),
});
const revision = fc.bigInt({ min: 0n, max: 2n ** 62n });
const update: fc.Arbitrary<ServiceUpdate> = fc.record({
  target: fc.nat(1_000),
  namespace: fc.constantFrom("default", "other"),
  service: fc.constantFrom("x", "y"),
  exists: fc.boolean(),
  reset: fc.boolean(),
  put: fc.array(discovered, { maxLength: 3 }),
  removed: fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
  panic: fc.boolean(),
});
const batch: fc.Arbitrary<WatchBatch> = fc.record({
  revision,
  updates: fc.array(update, { maxLength: 3 }),
  synced: fc.boolean(),
  committedAtMs: fc.oneof(fc.constant(0), fc.nat({ max: 2 ** 42 })),
  merged: fc.nat(),
  reset: fc.boolean(),
});

test("the bytes of a watch response say what the message says", () =>
  fc.assert(
    fc.property(batch, (any) => {
      const message = watchBatchToProto(any);
      const bytes = written((writer) => writeWatchBatch(writer, any));
      const read = fromBinary(WatchResponseSchema, bytes);
      expect(toJson(WatchResponseSchema, read)).toEqual(toJson(WatchResponseSchema, message));
      expect(bytes.length).toBe(toBinary(WatchResponseSchema, message).length);
    }),
  ));

test("the bytes of a resolution say what the message says", () =>
  fc.assert(
    fc.property(revision, fc.boolean(), fc.array(discovered), fc.boolean(), (at, exists, instances, panic) => {
      const resolution = { revision: at, exists, instances, panic };
      const read = fromBinary(
        ResolveResponseSchema,
        written((writer) => writeResolution(writer, resolution)),
      );
      expect(toJson(ResolveResponseSchema, read)).toEqual(toJson(ResolveResponseSchema, resolutionToProto(resolution)));
    }),
  ));
