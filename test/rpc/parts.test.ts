import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { RegisterBatchRequestSchema } from "../../gen/portolan/registry/v1/registry_pb.js";
import { ReportCallsRequestSchema } from "../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { hasMoreParts } from "../../src/rpc/grpc/parts.js";

const EMPTY_STATS = Buffer.from([0x1a, 0]);

test("empty entries are counted, one more than is allowed is too many", () => {
  const bytes = Buffer.concat(Array.from({ length: 40_000 }, () => EMPTY_STATS));
  expect(hasMoreParts(ReportCallsRequestSchema, bytes, 40_000)).toBe(false);
  expect(hasMoreParts(ReportCallsRequestSchema, bytes, 39_999)).toBe(true);
});

test("parts within parts are counted: a full batch has a request, an instance, endpoints, labels and a ttl each", () => {
  const endpoints = Array.from({ length: 16 }, (_, n) => ({ name: `e${n}`, host: "10.0.0.1", port: 80 }));
  const labels = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`label-${n}`, "x"]));
  const one = { instance: { service: "pay", id: "a", endpoints, labels }, ttl: { seconds: 30n } };
  const batch = create(RegisterBatchRequestSchema, { requests: Array.from({ length: 1_000 }, () => one) });
  const bytes = toBinary(RegisterBatchRequestSchema, batch);
  const parts = 1_000 * (1 + 1 + 16 + 64 + 1);
  expect(hasMoreParts(RegisterBatchRequestSchema, bytes, parts)).toBe(false);
  expect(hasMoreParts(RegisterBatchRequestSchema, bytes, parts - 1)).toBe(true);
});

test("bytes that are no message are not judged, and end", () => {
  for (const byte of [0xff, 0x0b, 0x7f, 0x82]) {
    expect(hasMoreParts(ReportCallsRequestSchema, Buffer.alloc(100_000, byte), 200_000)).toBe(false);
  }
});
