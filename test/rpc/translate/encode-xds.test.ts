import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";
import {
  DeltaDiscoveryResponseSchema,
  DiscoveryResponseSchema,
} from "../../../gen/xds/envoy/service/discovery/v3/discovery_pb.js";
import { writeDeltaResponse, writeDiscoveryResponse } from "../../../src/rpc/translate/encode-xds.js";
import { createXdsResponses } from "../../../src/rpc/translate/xds.js";
import type { Outgoing } from "../../../src/xds/index.js";
import { resourceOf } from "../../../src/xds/resource.js";

const responses = createXdsResponses("portolan 1.2.3");

const said = (fields: Partial<Outgoing> = {}): Outgoing => ({
  type: "endpoints",
  nonce: "t.1",
  version: "0123",
  resources: [],
  missing: [],
  told: new Map(),
  ...fields,
});

const resources = ["a", "b".repeat(300)].map((name) => resourceOf("endpoints", name, Buffer.from(name.repeat(70))));
const missing = [
  { name: "c", failure: undefined },
  { name: "d", failure: "a bug" },
];

test.each([
  ["nothing", said()],
  ["no version", said({ version: "" })],
  ["resources", said({ resources })],
  ["what is missing", said({ missing })],
  ["both", said({ resources, missing })],
])("%s is written by hand as it is field by field", (_, outgoing) => {
  const sotw = responses.sotw(outgoing);
  const sotwWriter = new BinaryWriter();
  writeDiscoveryResponse(sotwWriter, sotw);
  const sotwBytes = sotwWriter.finish();
  expect(sotwBytes).toHaveLength(toBinary(DiscoveryResponseSchema, sotw).length);
  expect(fromBinary(DiscoveryResponseSchema, sotwBytes)).toEqual(
    fromBinary(DiscoveryResponseSchema, toBinary(DiscoveryResponseSchema, sotw)),
  );
  const delta = responses.delta(outgoing);
  const deltaWriter = new BinaryWriter();
  writeDeltaResponse(deltaWriter, delta);
  const deltaBytes = deltaWriter.finish();
  expect(deltaBytes).toHaveLength(toBinary(DeltaDiscoveryResponseSchema, delta).length);
  expect(fromBinary(DeltaDiscoveryResponseSchema, deltaBytes)).toEqual(
    fromBinary(DeltaDiscoveryResponseSchema, toBinary(DeltaDiscoveryResponseSchema, delta)),
  );
});

test("what is missing is an error for those who read it, and for delta the name of what is removed", () => {
  expect(responses.sotw(said({ missing })).resourceErrors).toMatchObject([
    { resourceName: { name: "c" }, errorDetail: { code: 5, message: "c does not exist" } },
    { resourceName: { name: "d" }, errorDetail: { code: 13, message: "d could not be made: a bug" } },
  ]);
  const delta = responses.delta(said({ missing }));
  expect(delta.removedResources).toEqual(["c", "d"]);
  expect(delta.resourceErrors).toHaveLength(1);
});
