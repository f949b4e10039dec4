import { create, type DescField, type DescMessage, type DescService } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { BadRequestSchema } from "../../../gen/google/rpc/error_details_pb.js";
import { AdminService } from "../../../gen/portolan/admin/v1/admin_pb.js";
import { DiscoveryService, WatchRequestSchema } from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import {
  RegisterBatchRequestSchema,
  RegisterRequestSchema,
  RegistryService,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { TelemetryService } from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { DomainError, type Violation } from "../../../src/model/index.js";
import { statusOf } from "../../../src/rpc/errors.js";
import { createFilters } from "../../../src/rpc/filter/index.js";
import { createRules, free, outputOnly, validate } from "../../../src/rpc/rules/index.js";
import { REQUESTS } from "./requests.js";

const rules = createRules({ filters: createFilters() });
const SERVICES: readonly DescService[] = [RegistryService, DiscoveryService, TelemetryService, AdminService];

function violationsOf(message: Parameters<typeof validate>[1], of = rules): readonly Violation[] {
  try {
    validate(of, message);
    return [];
  } catch (error) {
    if (error instanceof DomainError && error.fault.reason === "FIELDS_INVALID") return error.fault.violations;
    throw error;
  }
}

describe("every request", () => {
  test.each(REQUESTS.map((request) => [request.name, request] as const))(
    "%s that is right is accepted",
    (_, request) => {
      expect(violationsOf(request.good)).toEqual([]);
    },
  );

  test.each(
    REQUESTS.flatMap(({ name, bad }) =>
      bad.map(({ message, fields }, index) => [`${name} ${index}`, fields, message] as const),
    ),
  )("%s is refused for %j", (_, fields, message) => {
    const violations = violationsOf(message);
    expect(violations.map(({ field }) => field)).toEqual(fields);
    for (const { description } of violations) expect(description).toMatch(/\S/);
  });

  test("of every service stands in the table of bad input", () => {
    const inputs = SERVICES.flatMap((service) => service.methods.map((method) => method.input.typeName));
    expect(REQUESTS.map(({ desc }) => desc.typeName).sort()).toEqual([...inputs].sort());
  });

  test("and every message within one has a rule for each of its fields", () => {
    for (const desc of messagesWithin(SERVICES.flatMap((service) => service.methods.map((method) => method.input)))) {
      const members = desc.members.map((member) => member.localName);
      expect(Object.keys(rules.get(desc.typeName)?.fields ?? {}).sort(), desc.typeName).toEqual(members.sort());
    }
  });

  test("and each field that has a rule is wrong somewhere in the table", () => {
    const refused = REQUESTS.flatMap(({ desc, bad }) =>
      bad.flatMap(({ fields }) => fields.flatMap((field) => fieldsAlong(desc, field))),
    );
    for (const desc of messagesWithin(SERVICES.flatMap((service) => service.methods.map((method) => method.input)))) {
      for (const [name, rule] of Object.entries(rules.get(desc.typeName)?.fields ?? {})) {
        if (rule === free || rule === outputOnly) continue;
        expect(refused, `nothing in the table is wrong with ${desc.typeName}.${name}`).toContain(
          `${desc.typeName}.${name}`,
        );
      }
    }
  });
});

describe("violations", () => {
  test("name every fault of a request together", () => {
    const request = create(RegisterRequestSchema, {
      instance: { id: "a", service: "", endpoints: [{ host: "h", port: 70_000 }] },
    });
    expect(violationsOf(request).map(({ field }) => field)).toEqual(["instance.service", "instance.endpoints[0].port"]);
  });

  test("of a thousand faulty requests fit the trailers, and the last says how many more there are", () => {
    const requests = Array.from({ length: 1_000 }, (_, id) => ({ instance: { id: `${id}`, service: "" } }));
    const violations = violationsOf(create(RegisterBatchRequestSchema, { requests }));
    expect(violations).toHaveLength(2_000);
    const { details, message } = statusOf({ reason: "FIELDS_INVALID", violations });
    const listed = (details[1] && anyUnpack(details[1], BadRequestSchema))?.fieldViolations ?? [];
    expect(JSON.stringify(listed).length).toBeLessThan(8_000);
    expect(listed.at(-1)).toMatchObject({ field: "", description: `${2_001 - listed.length} more faults` });
    expect(message).toMatch(/; and 1997 more$/);
  });

  test("of garbage cost little: items of a list that is too long are not looked at", () => {
    const endpoints = Array.from({ length: 500_000 }, () => ({}));
    const request = create(RegisterRequestSchema, { instance: { id: "a", service: "s", endpoints } });
    expect(violationsOf(request)).toHaveLength(1);
  });
});

describe("limits", () => {
  test("a batch is measured by what it encodes to, not by a bound of it", () => {
    const batch = (large: number) => {
      const instance = (id: string, labels: Record<string, string>) => {
        const endpoints = [{ host: "10.0.0.5", port: 8080 }];
        return { instance: { service: "checkout", id, endpoints, labels } };
      };
      const pairs = Array.from({ length: 60 }, (_, index) => [`key-${index}`, "v".repeat(1_000)]);
      const requests = Array.from({ length: 950 }, (_, index) => instance(`s-${index}`, { key: "v".repeat(520) }));
      const more = Array.from({ length: large }, (_, index) => instance(`l-${index}`, Object.fromEntries(pairs)));
      return create(RegisterBatchRequestSchema, { requests: [...requests, ...more] });
    };
    expect(violationsOf(batch(32))).toEqual([]); // 2.4 MiB
    expect(violationsOf(batch(36)).map(({ field }) => field)).toEqual(["requests"]); // 2.6 MiB
  });

  test("the number of a watch's targets is a setting", () => {
    const few = createRules({ filters: createFilters(), watchMaxTargets: 2 });
    const targets = [{ service: "a" }, { service: "b" }, { service: "c" }];
    expect(violationsOf(create(WatchRequestSchema, { targets: targets.slice(1) }), few)).toEqual([]);
    expect(violationsOf(create(WatchRequestSchema, { targets }), few)).toMatchObject([{ field: "targets" }]);
  });

  test.each([
    [1, [], "must have 1 entry"],
    [1, ["a", "b"], "must have 1 entry"],
    [2, [], "must have 1 to 2 entries"],
  ])("of %d targets are told in words that fit", (watchMaxTargets, services, description) => {
    const few = createRules({ filters: createFilters(), watchMaxTargets });
    const request = create(WatchRequestSchema, { targets: services.map((service) => ({ service })) });
    expect(violationsOf(request, few)).toEqual([{ field: "targets", description }]);
  });

  test("what only the plane writes is ignored, so that an instance that was read can be registered again", () => {
    const instance = {
      ...{ service: "s", id: "a", endpoints: [{ host: "10.0.0.1", port: 1 }] },
      ...{ health: 99, healthReason: "x".repeat(100_000), createRevision: -1n, sessionId: "?", ttl: { seconds: -1n } },
    };
    expect(violationsOf(create(RegisterRequestSchema, { instance }))).toEqual([]);
  });

  test("what is allowed is allowed up to its edge", () => {
    const instance = {
      namespace: "n".repeat(63),
      service: `s${"-".repeat(61)}s`,
      id: ":".repeat(128),
      endpoints: Array.from({ length: 16 }, (_, index) => ({ name: `e${index}`, host: "::1", port: 65_535 })),
      locality: { region: "é".repeat(64), zone: "😀".repeat(64) },
      weight: 10_000,
      version: "😀".repeat(128),
      labels: { ["k".repeat(128)]: "v".repeat(1_024) },
      reportedHealth: 5,
    };
    const request = create(RegisterRequestSchema, { instance, ttl: { seconds: 86_400n } });
    expect(violationsOf(request)).toEqual([]);
  });

  test.each([
    "10.0.0.1",
    "::1",
    "2001:db8::7",
    "checkout",
    "a.b.example.com",
    "a.b.example.com.",
    "my_host",
    "3com.example",
  ])("%s is a host", (host) => {
    const request = create(RegisterRequestSchema, {
      instance: { service: "s", id: "a", endpoints: [{ host, port: 1 }] },
    });
    expect(violationsOf(request)).toEqual([]);
  });
});

/** Every message of the product that a request holds, the requests among them. */
function messagesWithin(roots: readonly DescMessage[]): readonly DescMessage[] {
  const seen = new Set<DescMessage>();
  const visit = (desc: DescMessage) => {
    if (seen.has(desc) || !desc.typeName.startsWith("portolan.")) return;
    seen.add(desc);
    const ignored = rules.get(desc.typeName)?.fields ?? {};
    for (const field of desc.fields) if (field.message && ignored[field.localName] !== outputOnly) visit(field.message);
  };
  roots.forEach(visit);
  return [...seen];
}

/** The fields along a path: "a[0].b" of a request goes through its a and the b of a's message. */
function fieldsAlong(root: DescMessage, path: string): string[] {
  const names: string[] = [];
  let desc: DescMessage | undefined = root;
  for (const segment of path.replaceAll(/\[[^\]]*\]/g, "").split(".")) {
    const field: DescField | undefined = desc?.fields.find((candidate) => candidate.name === segment);
    const oneof = field?.oneof ?? desc?.oneofs.find((candidate) => candidate.name === segment);
    names.push(`${desc?.typeName}.${(oneof ?? field)?.localName ?? segment}`);
    desc = field?.message;
  }
  return names;
}
