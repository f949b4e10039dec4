import { toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { InstanceSchema, ServiceSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { instanceWeight, serviceWeight } from "../../../src/rpc/services/page-weight.js";
import { instanceToProto, serviceToProto } from "../../../src/rpc/translate/index.js";
import { anyInstance, anyService } from "../translate/arbitraries.js";

test("nothing is heavier in a page than it was weighed", () => {
  fc.assert(
    fc.property(anyInstance, anyService, (instance, service) => {
      const message = instanceToProto(instance, 1_700_000_000_000);
      expect(instanceWeight(instance)).toBeGreaterThanOrEqual(toBinary(InstanceSchema, message).length);
      const listed = { service, instanceCount: 100_000, servingCount: 100_000, panic: false };
      expect(serviceWeight(listed)).toBeGreaterThanOrEqual(toBinary(ServiceSchema, serviceToProto(listed)).length);
    }),
    { numRuns: 500 },
  );
});
