import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DomainError, type Instance, type Service } from "../../../src/model/index.js";
import { createFilters } from "../../../src/rpc/filter/index.js";
import type { LogRecord } from "../../../src/telemetry/index.js";
import { anyInstance } from "../translate/arbitraries.js";

const filters = createFilters();

const instance: Instance = {
  namespace: "default",
  service: "checkout",
  id: "a1",
  endpoints: [
    { name: "grpc", host: "10.0.0.5", port: 8080, protocol: "grpc", tls: true },
    { name: "admin", host: "10.0.0.5", port: 9090, protocol: "http", tls: false },
  ],
  locality: { region: "eu", zone: "eu-1", subZone: "" },
  weight: 80,
  version: "2.1.0",
  labels: { env: "prod", "app.kubernetes.io/name": "checkout", constructor: "own" },
  reportedHealth: "serving",
  healthCheck: {
    probe: { kind: "http", path: "/healthz", expectedStatuses: [200, 204] },
    endpointName: "admin",
    intervalMs: 10_000,
    timeoutMs: 1_000,
    unhealthyThreshold: 3,
    healthyThreshold: 2,
  },
  health: "degraded",
  healthReason: "slow",
  holder: { kind: "lease", ttlMs: 30_000 },
  registeredAtMs: Date.UTC(2024, 0, 2),
  createRevision: 7n,
  modRevision: 9n,
};

const bare: Instance = {
  ...{ namespace: "default", service: "checkout", id: "b1", endpoints: [], version: "", labels: {} },
  ...{ reportedHealth: "serving", health: "serving", healthReason: "", holder: { kind: "none" } },
  ...{ registeredAtMs: 0, createRevision: 1n, modRevision: 1n },
};

const service: Service = {
  ...{ namespace: "default", name: "checkout", description: "Pays", owner: "pay", labels: { tier: "1" } },
  ...{ grpcServices: ["acme.checkout.v1.CheckoutService"], createRevision: 1n, modRevision: 2n },
};

const record: LogRecord = {
  ...{ timeNs: 1_704_153_600_000_000_000n, namespace: "default", service: "checkout", instanceId: "a1", severity: 13 },
  ...{ body: "card refused", attributes: { "http.status": "402" }, traceId: "ab".repeat(16), spanId: "" },
};

function matches(text: string, value: Instance = instance): boolean {
  return filters.compile("instance", text)?.matches(value) ?? false;
}

function faultOf(text: string): string {
  return filters.faultOf("instance", text) ?? "";
}

describe("a filter over instances", () => {
  test.each([
    'instance.version == "2.1.0" && instance.labels.env == "prod"',
    'instance.labels["app.kubernetes.io/name"] == instance.service',
    "instance.weight > 50",
    "instance.weight >= 80 && instance.weight < 80.5 && instance.weight == 80u",
    "instance.weight / 2 + 1 == 41 && -instance.weight < 0 && instance.weight % 3 == 2",
    "instance.health == HEALTH_DEGRADED && instance.reported_health != HEALTH_STARTING",
    "instance.health == 3",
    "instance.health in [HEALTH_SERVING, HEALTH_DEGRADED]",
    "instance.endpoints.exists(e, e.port == 8080)",
    "instance.endpoints.exists(e, e.protocol == PROTOCOL_GRPC && e.tls)",
    "instance.endpoints.all(e, e.port > 1024)",
    "instance.endpoints.exists_one(e, e.tls)",
    "instance.endpoints.map(e, e.port) == [8080, 9090]",
    'instance.endpoints.filter(e, e.name == "admin").size() == 1',
    'instance.endpoints[0].host.startsWith("10.")',
    "instance.endpoints.size() == 2 && size(instance.labels) == 3",
    'instance.locality.zone in ["eu-1", "eu-2"]',
    'instance.id.matches("^a[0-9]+$") && instance.id.contains("1") && instance.id.endsWith("1")',
    'instance.endpoints[0].host.matches(r"^[0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}\\.[0-9]{1,3}$")',
    '"env" in instance.labels && !("nope" in instance.labels)',
    'instance.labels.exists(k, instance.labels[k] == "prod")',
    "has(instance.labels.env) && !has(instance.labels.nope)",
    "has(instance.locality) && has(instance.health_check.http) && !has(instance.health_check.grpc)",
    "has(instance.health_reason) && has(instance.weight) && has(instance.endpoints)",
    'instance.health_check.http.path == "/healthz" && 204 in instance.health_check.http.expected_statuses',
    'instance.health_check.interval == duration("10s") && instance.ttl < duration("1m")',
    'instance.registered_at > timestamp("2024-01-01T00:00:00Z") && instance.registered_at.getFullYear() == 2024',
    "instance.create_revision < instance.mod_revision",
    'instance.session_id == "" && !has(instance.session_id)',
    'instance.weight > 50 ? instance.version == "2.1.0" : false',
    'instance.service + "/" + instance.id == "checkout/a1" && string(instance.weight) == "80"',
    'int("80") == instance.weight && double(instance.weight) == 80.0',
    "true",
    `true${" ".repeat(200)}`,
    `"${" ".repeat(300)}" != instance.id`,
    'instance.labels.constructor == "own"',
  ])("matches %s", (text) => {
    expect(faultOf(text)).toBe("");
    expect(matches(text)).toBe(true);
  });

  test.each([
    'instance.labels.nope == "x"',
    '!(instance.labels.nope == "x")',
    'instance.labels["toString"] != ""',
    "instance.endpoints[7].port == 1",
    "instance.weight / 0 == 1",
    "int(instance.version) == 2",
  ])("does not match where %s cannot be evaluated", (text) => {
    expect(faultOf(text)).toBe("");
    expect(matches(text)).toBe(false);
  });

  test("a label that is not there does not spoil the other side of an or", () => {
    expect(matches('instance.labels.nope == "x" || instance.version == "2.1.0"')).toBe(true);
  });

  test("what is not there reads as empty, and a weight as what its absence means", () => {
    expect(matches('instance.locality.zone == "" && instance.health_check.http.path == ""', bare)).toBe(true);
    expect(matches("instance.weight == 100 && !has(instance.weight)", bare)).toBe(true);
    expect(matches("has(instance.locality) || has(instance.health_check) || has(instance.ttl)", bare)).toBe(false);
    expect(matches("has(instance.labels) || has(instance.endpoints) || has(instance.version)", bare)).toBe(false);
  });

  test("it never throws, whatever the instance", () => {
    const texts = [
      'instance.labels.env == "prod" && instance.endpoints[0].port > 1',
      "instance.endpoints.exists(e, e.tls) || has(instance.health_check.tcp)",
    ];
    fc.assert(
      fc.property(anyInstance, fc.constantFrom(...texts), (value, text) => {
        expect(typeof matches(text, value)).toBe("boolean");
      }),
    );
  });

  test("it leaves the stacks of other errors as they were", () => {
    const before = Error.stackTraceLimit;
    matches('instance.labels.nope == "x"');
    expect(Error.stackTraceLimit).toBe(before);
  });
});

describe("a filter over others", () => {
  test("selects services", () => {
    const text =
      'service.owner == "pay" && service.labels.tier == "1" && "acme.checkout.v1.CheckoutService" in service.grpc_services';
    expect(filters.compile("service", text)?.matches(service)).toBe(true);
    expect(filters.compile("service", "service.name.startsWith('x')")?.matches(service)).toBe(false);
  });

  test("selects log records", () => {
    const text =
      'log.severity >= SEVERITY_WARN && log.attributes["http.status"] == "402" && log.body.contains("refused")';
    expect(filters.compile("log", text)?.matches(record)).toBe(true);
    expect(filters.compile("log", 'log.time == timestamp("2024-01-02T00:00:00Z")')?.matches(record)).toBe(true);
  });

  test("does not know another's variable", () => {
    expect(filters.faultOf("service", "instance.id == 'a'")).toMatch(
      /^1:1: unknown variable instance; there is service$/,
    );
  });
});

describe("a filter is refused when it is made", () => {
  test.each([
    ["instance.version ==", /^1:18: syntax error/],
    ["instance.version = 'x'", /^1:18: syntax error/],
    ["'unclosed", /^1:1: syntax error/],
    ["instance.version == 'a' &&\n  instance.nope == 1", /^2:11: unknown field nope; Instance has namespace/],
    ["nope == 1", /^1:1: unknown variable nope/],
    ["instance.expires_at == instance.registered_at", /^1:9: unknown field expires_at/],
    ["instance.locality.country == 'x'", /^1:18: unknown field country; Locality has region/],
    ["instance.version.major == 1", /^1:17: string has no fields/],
    ["instance.weight == 'x'", /^1:17: == does not take int and string/],
    ["instance.health == 'SERVING'", /names such as HEALTH_SERVING/],
    ["instance.labels == 'x'", /^1:17: == does not take map and string/],
    ["instance.id > 5", /^1:13: > does not take string and int/],
    ["instance.id && true", /&& does not take string and bool/],
    ["!instance.id", /^1:1: ! does not take string/],
    ["instance.id + 1 == 'a'", /^1:13: \+ does not take string and int/],
    ["instance.weight in ['a']", /^1:17: in does not take int and list\(string\)/],
    ["instance.id[0] == 'a'", /^1:12: \[\] does not take string and int/],
    ["instance.labels[1] == 'a'", /does not take map and int/],
    ["[1, 'a'] == [1]", /^1:5: a list of int cannot hold string/],
    ["true ? 1 : 'a'", /\?: does not take bool and int and string/],
    ["lower(instance.id) == 'a'", /^1:1: unknown function lower/],
    ["instance.id.contains(1)", /contains\(int\) on string is not a call that exists/],
    ["size(instance.weight) == 1", /size\(int\) is not a call that exists/],
    ["instance.id.matches('(')", /^1:21: matches can make nothing of this/],
    ["instance.id.matches('(a{30}){33}')", /pattern of more than 200 characters/],
    ["instance.id.matches('[a-z]{201}')", /pattern of more than 200 characters/],
    [`instance.id.matches('${"\\\\pL".repeat(20)}')`, /pattern of more than 200 characters/],
    ["instance.id.matches(r'\\Q[\\E(a{30}){33}]')", /Q is not offered/],
    [`instance.labels.exists(k, k.matches("${"x".repeat(30)}"))`, /costs too much/],
    ["instance.id.matches(instance.version)", /takes a pattern written as a string/],
    ["instance.registered_at > timestamp('soon')", /timestamp can make nothing of this/],
    ["instance.ttl > duration('long')", /duration can make nothing of this/],
    ["instance.id", /this is string/],
    ["1", /^1:1: a filter is true or false, this is int/],
    ["instance", /this is Instance/],
    ["{'a': 1} == {'a': 1}", /cannot be made in a filter/],
    ["google.protobuf.Duration{seconds: 1} == instance.ttl", /cannot be made in a filter/],
    ["instance.weight.exists(x, true)", /int has no elements/],
    ["instance.labels.exists(a, instance.labels.exists(b, instance.labels.exists(c, a == b)))", /costs too much/],
    [`${"(".repeat(33)}true${")".repeat(33)}`, /^1:33: brackets are nested more than 32 deep/],
    [`[[1, 1]]${".map(l, l + l)".repeat(14)}.exists(l, 2 in l)`, /costs too much/],
    [`[[1, 1]]${".map(l, l + l)".repeat(14)}.exists(l, l == [1])`, /costs too much/],
    [`[1]${".map(l, [l, l])".repeat(16)} == [1]${".map(l, [l, l])".repeat(16)}`, /costs too much/],
    [`true &&\n${" ".repeat(201)}true`, /^1:8: has more than 200 spaces in a row$/],
    ["x".repeat(4_097), /at most 4,096 characters/],
    [`instance${".a".repeat(2_000)}`, /nested too deeply/],
    [`${Array(250).fill("true ? true : ").join("")}true`, /nested too deeply/],
    [`${Array(500).fill("1").join(" + ")} == 500`, /nested too deeply/],
  ])("number %#: %.60s", (text, fault) => {
    expect(faultOf(text)).toMatch(fault);
  });

  test("and names its field", () => {
    try {
      filters.compile("instance", "instance.id ==", "targets[2].filter");
      expect.unreachable("it was accepted");
    } catch (error) {
      expect(error).toBeInstanceOf(DomainError);
      expect((error as DomainError).fault).toMatchObject({ violations: [{ field: "targets[2].filter" }] });
    }
  });

  test("whatever its text, without throwing anything else and before long", () => {
    const pieces = fc.constantFrom(
      ..."instance . labels [ ] ( ) { } \" ' \\ r''' == && || ! ? : , + - 1 1u 1.5 a e exists has map matches // \n".split(
        " ",
      ),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
        const fault = filters.faultOf("instance", parts.join(""));
        expect(fault === undefined || fault.length > 0).toBe(true);
      }),
    );
  });

  test.each([
    ["unclosed brackets", "(".repeat(600)],
    ["brackets behind a raw string", `r'\\' == ${"(".repeat(600)}`],
    ["brackets behind a closing string", `"${")".repeat(200)}" == ${"(".repeat(600)}`],
    ["brackets behind a comment", `// '\n${"(".repeat(600)}`],
  ])("%s do not reach the parser, which would take seconds", (_, text) => {
    expect(faultOf(text)).toMatch(/brackets are nested/);
  });
});

describe("a filter over long texts", () => {
  const body = "a".repeat(65_536);
  const attributes = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`k${index}`, "a".repeat(8_192)]));
  const long: LogRecord = { ...record, body, attributes };
  const selects = (text: string, value: LogRecord) => {
    expect(filters.faultOf("log", text)).toBeUndefined();
    return filters.compile("log", text)?.matches(value);
  };

  test.each([
    "!log.body.matches('[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')",
    `${Array(100).fill("log.body.contains('refused') || ").join("")}log.body.size() == 65536`,
    "log.attributes.exists(k, log.attributes[k].contains('refused')) || (log.body + log.body).endsWith('aa')",
    "log.attributes.all(k, log.attributes[k].matches('^a+$'))",
  ])("selects by number %#: %.70s", (text) => {
    expect(selects(text, long)).toBe(true);
  });

  test.each([
    ["a pattern made to be slow", "log.body.matches('((a?){9}){9}$')"],
    ["many of them", `${Array(4).fill("log.body.matches('(a{1,9}){1,20}$') || ").join("")}false`],
    ["a pattern over many texts", "log.attributes.exists(k, log.attributes[k].matches('(a|aa)+$b'))"],
    ["a text that doubles", `['aaaaaaaaaaaaaaaa']${".map(a, a + a)".repeat(22)}.exists(a, a.size() > 5)`],
    ["bytes that double", `[b'aaaaaaaaaaaaaaaa']${".map(a, a + a)".repeat(26)}.exists(a, a.size() > 5)`],
    ["a text that doubles and is searched", `['aaaaaaaa']${".map(a, a + a)".repeat(23)}.exists(a, a.contains('b'))`],
    [
      "what is hard to search for",
      `${Array(2)
        .fill(`log.body.contains('${"a".repeat(900)}b${"a".repeat(900)}') || `)
        .join("")}false`,
    ],
    ["a number of many digits", `${Array(100).fill("int(log.body) == 1 || ").join("")}false`],
  ])("gives up on %s before it holds anybody up", (_, text) => {
    const value = text.includes("int(") ? { ...long, body: "9".repeat(65_536) } : long;
    expect(leastMs(() => expect(selects(text, value)).toBe(false))).toBeLessThan(250);
  });

  test("is compiled however many were before it", () => {
    for (let index = 0; index < 150; index++) {
      const text = `"${"a".repeat(1_800)}".contains("${"a".repeat(1_800)}${index}")`;
      expect(filters.faultOf("log", text)).toBeUndefined();
    }
  });

  /** The least time of some runs: what a run takes beyond it was taken by others. */
  function leastMs(run: () => void): number {
    const times = Array.from({ length: 3 }, () => {
      const startedMs = performance.now();
      run();
      return performance.now() - startedMs;
    });
    return Math.min(...times);
  }
});

describe("compiled filters", () => {
  test("an empty text is no filter", () => {
    expect(filters.compile("instance", "")).toBeUndefined();
    expect(filters.faultOf("instance", "")).toBeUndefined();
  });

  test("keep their text, and are compiled once for as long as they are remembered", () => {
    const few = createFilters({ capacity: 1 });
    const text = "instance.weight > 5";
    const first = few.compile("instance", text);
    expect(first?.text).toBe(text);
    expect(few.compile("instance", text)?.matches).toBe(first?.matches);
    few.compile("instance", "instance.weight > 6");
    expect(few.compile("instance", text)?.matches).not.toBe(first?.matches);
  });
});
