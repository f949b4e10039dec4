import { fromBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  RegisterResponseSchema,
  SessionResponseSchema,
  UpdateInstanceResponseSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { committed } from "../../../src/rpc/services/session-messages.js";
import { registeredToProto, updatedToProto, writeCommitted, writeWritten } from "../../../src/rpc/translate/index.js";
import { anyInstance } from "./arbitraries.js";
import { written } from "./written.js";

const revision = fc.bigInt({ min: 0n, max: 2n ** 62n });
const moment = fc.nat({ max: 2 ** 42 });

test("the bytes of a registration's answer say what the message says", () =>
  fc.assert(
    fc.property(anyInstance, revision, fc.option(moment, { nil: undefined }), fc.nat(), (instance, at, end, ttlMs) => {
      const answer = { instance, revision: at, leaseEndsAtMs: end, ttlMs };
      const read = fromBinary(
        RegisterResponseSchema,
        written((writer) => writeWritten(writer, answer)),
      );
      expect(toJson(RegisterResponseSchema, read)).toEqual(toJson(RegisterResponseSchema, registeredToProto(answer)));
    }),
  ));

test("the bytes of an update's answer say what the message says", () =>
  fc.assert(
    fc.property(anyInstance, revision, (instance, at) => {
      const answer = { instance, revision: at };
      const read = fromBinary(
        UpdateInstanceResponseSchema,
        written((writer) => writeWritten(writer, answer)),
      );
      const message = toJson(UpdateInstanceResponseSchema, updatedToProto(answer));
      expect(toJson(UpdateInstanceResponseSchema, read)).toEqual(message);
    }),
  ));

test("the bytes of a session's commit say what the message says", () =>
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), revision, (requestId, at) => {
      const read = fromBinary(
        SessionResponseSchema,
        written((writer) => writeCommitted(writer, requestId, at)),
      );
      const message = toJson(SessionResponseSchema, committed(requestId, at));
      expect(toJson(SessionResponseSchema, read)).toEqual(message);
    }),
  ));
