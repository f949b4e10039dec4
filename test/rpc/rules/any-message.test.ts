import { create, type DescMessage, fromBinary, isMessage, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  InstanceSchema,
  RegisterRequestSchema,
  UpdateInstanceRequestSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { DomainError } from "../../../src/model/index.js";
import { createFilters } from "../../../src/rpc/filter/index.js";
import { createRules, validate } from "../../../src/rpc/rules/index.js";
import { instanceFromProto, patchFromProto } from "../../../src/rpc/translate/index.js";
import { anyMessage } from "./any-message.js";
import { REQUESTS } from "./requests.js";

const rules = createRules({ filters: createFilters() });

test.each(REQUESTS.map(({ name, desc }) => [name, desc] as const))(
  "whatever comes as %s is accepted, or refused with fields that it has",
  (_, desc) => {
    fc.assert(
      fc.property(anyMessage(desc), (made) => {
        const message = fromBinary(desc, toBinary(desc, made));
        try {
          validate(rules, message);
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
          const { fault } = error as DomainError;
          if (fault.reason !== "FIELDS_INVALID") expect.unreachable(fault.reason);
          for (const { field, description } of fault.violations) {
            expect(field).toMatch(/^[a-z][a-z_]*([.[]|$)/);
            expect(description).not.toMatch(/^Invalid input/);
          }
          return;
        }
        // What was accepted can be translated: the rules stand between every client and these.
        if (isMessage(message, RegisterRequestSchema)) {
          expect(instanceFromProto(message.instance ?? expect.unreachable()).endpoints.length).toBeGreaterThan(0);
        }
        if (isMessage(message, UpdateInstanceRequestSchema)) {
          const { instance = expect.unreachable(), updateMask = expect.unreachable() } = message;
          expect(Object.keys(patchFromProto(instance, updateMask.paths)).length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 200 },
    );
  },
);

test("an instance of any values is judged without an error of our own", () => {
  fc.assert(
    fc.property(anyMessage(InstanceSchema), (made) => {
      const instance = fromBinary(InstanceSchema, toBinary<DescMessage>(InstanceSchema, made));
      try {
        validate(rules, create(RegisterRequestSchema, { instance }));
      } catch (error) {
        expect(error).toBeInstanceOf(DomainError);
      }
    }),
    { numRuns: 500 },
  );
});
