import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  InstanceSchema,
  Health as ProtoHealth,
  Protocol as ProtoProtocol,
  ServiceSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import {
  durationMsFromProto,
  durationToProto,
  healthFromProto,
  healthToProto,
  instanceFromProto,
  instanceRefFromProto,
  instanceToProto,
  patchFromProto,
  protocolFromProto,
  protocolToProto,
  serviceFromProto,
  serviceToProto,
  timestampMsFromProto,
  timestampToProto,
} from "../../../src/rpc/translate/index.js";
import { anyInstance, anyService } from "./arbitraries.js";

const overTheWire = (message: ReturnType<typeof instanceToProto>) =>
  fromBinary(InstanceSchema, toBinary(InstanceSchema, message));

describe("instances", () => {
  test("what a client registered comes back as it was, over the wire", () => {
    fc.assert(
      fc.property(anyInstance, (instance) => {
        const {
          health,
          healthReason,
          voices,
          slowStartPercent,
          holder,
          registeredAtMs,
          createRevision,
          modRevision,
          ...spec
        } = instance;
        expect(instanceFromProto(overTheWire(instanceToProto(instance)))).toEqual(spec);
      }),
    );
  });

  test("every output-only field of an instance reaches the client", () => {
    fc.assert(
      fc.property(anyInstance, fc.integer({ min: 0, max: 4_000_000_000_000 }), (instance, endsAtMs) => {
        const message = overTheWire(instanceToProto(instance, endsAtMs));
        expect(message.health).toBe(healthToProto(instance.health));
        expect(message.healthReason).toBe(instance.healthReason);
        expect(message.createRevision).toBe(instance.createRevision);
        expect(message.modRevision).toBe(instance.modRevision);
        expect(message.registeredAt && timestampMsFromProto(message.registeredAt)).toBe(instance.registeredAtMs);
        expect(message.sessionId).toBe(instance.holder.kind === "session" ? instance.holder.sessionId : "");
        expect(message.expiresAt && timestampMsFromProto(message.expiresAt)).toBe(endsAtMs);
        const ttlMs = message.ttl && durationMsFromProto(message.ttl);
        expect(ttlMs).toBe(instance.holder.kind === "lease" ? instance.holder.ttlMs : undefined);
      }),
    );
  });

  test("every default is filled in where a client says nothing", () => {
    const spec = instanceFromProto(
      create(InstanceSchema, {
        service: "checkout",
        id: "a1",
        endpoints: [{ host: "10.0.0.5", port: 8080 }],
        healthCheck: { probe: { case: "tcp", value: {} } },
      }),
    );
    expect(spec).toEqual({
      namespace: "default",
      service: "checkout",
      id: "a1",
      endpoints: [{ name: "default", host: "10.0.0.5", port: 8080, protocol: "unspecified", tls: false }],
      version: "",
      labels: {},
      reportedHealth: "serving",
      healthCheck: {
        probe: { kind: "tcp" },
        endpointName: "",
        intervalMs: 10_000,
        timeoutMs: 1_000,
        unhealthyThreshold: 3,
        healthyThreshold: 2,
      },
    });
  });

  test("an empty namespace means default", () => {
    expect(instanceRefFromProto({ namespace: "", service: "s", id: "i" })).toEqual({
      namespace: "default",
      service: "s",
      id: "i",
    });
  });
});

describe("patches", () => {
  const instance = create(InstanceSchema, {
    service: "checkout",
    id: "a1",
    version: "2",
    weight: 7,
    healthCheck: {},
  });

  test("a patch carries the chosen fields alone, and does not look at the others", () => {
    expect(patchFromProto(instance, ["version", "weight", "version"])).toEqual({ version: "2", weight: 7 });
  });

  test("a chosen field that is unset is cleared", () => {
    const empty = create(InstanceSchema, { service: "checkout", id: "a1" });
    const paths = ["endpoints", "locality", "weight", "version", "labels", "reported_health", "health_check"];
    expect(patchFromProto(empty, paths)).toEqual({
      endpoints: [],
      locality: null,
      weight: null,
      version: "",
      labels: {},
      reportedHealth: "serving",
      healthCheck: null,
    });
  });
});

describe("services", () => {
  test("what a client put comes back as it was, over the wire, with its counts", () => {
    fc.assert(
      fc.property(anyService, fc.nat(), fc.nat(), (service, instanceCount, servingCount) => {
        const message = fromBinary(
          ServiceSchema,
          toBinary(ServiceSchema, serviceToProto({ service, instanceCount, servingCount, panic: false })),
        );
        const { createRevision, modRevision, ...draft } = service;
        expect(serviceFromProto(message)).toEqual(draft);
        expect(message).toMatchObject({ createRevision, modRevision, instanceCount, servingCount });
      }),
    );
  });
});

describe("values", () => {
  test("every public health and protocol has a meaning, and comes back from it", () => {
    for (const health of Object.values(ProtoHealth).filter((value) => typeof value === "number")) {
      if (health !== ProtoHealth.UNSPECIFIED) expect(healthToProto(healthFromProto(health))).toBe(health);
    }
    for (const protocol of Object.values(ProtoProtocol).filter((value) => typeof value === "number")) {
      expect(protocolToProto(protocolFromProto(protocol))).toBe(protocol);
    }
  });

  test("times and durations keep their milliseconds", () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (ms) => {
        const timestamp = timestampToProto(ms);
        expect(timestamp.nanos).toBeGreaterThanOrEqual(0);
        expect(timestampMsFromProto(timestamp)).toBeCloseTo(ms, 3);
        const duration = durationToProto(ms);
        expect(durationMsFromProto(duration)).toBeCloseTo(ms, 3);
        expect(Math.sign(duration.nanos) * Math.sign(Number(duration.seconds))).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
