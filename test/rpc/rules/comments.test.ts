import { readFileSync } from "node:fs";
import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { WatchRequestSchema } from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import {
  DeregisterRequestSchema,
  ListServicesRequestSchema,
  OpenSessionSchema,
  RegisterBatchRequestSchema,
  RegisterRequestSchema,
  RenewRequestSchema,
  ServiceSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { QueryCallsRequestSchema, TailLogsRequestSchema } from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { createFilters } from "../../../src/rpc/filter/index.js";
import { createRules, validate } from "../../../src/rpc/rules/index.js";

const rules = createRules({ filters: createFilters() });

interface Promised {
  /** Where the comment stands: "message.field". */
  readonly at: string;
  /** What it says. */
  readonly says: string;
  readonly accepted: readonly Message[];
  readonly refused: readonly Message[];
}

function promised<Desc extends DescMessage>(
  at: string,
  says: string,
  desc: Desc,
  accepted: readonly MessageInitShape<Desc>[],
  refused: readonly MessageInitShape<Desc>[],
): Promised {
  const made = (inits: readonly MessageInitShape<Desc>[]) => inits.map((init) => create(desc, init));
  return { at, says, accepted: made(accepted), refused: made(refused) };
}

const text = (length: number) => "x".repeat(length);
const seconds = (count: number, nanos = 0) => ({ seconds: BigInt(count), nanos });
const instance = { service: "s", id: "a", endpoints: [{ host: "h", port: 1 }] };
const registering = (change: object) => ({ instance: { ...instance, ...change } });
const checking = (change: object) => registering({ healthCheck: { probe: { case: "tcp", value: {} }, ...change } });
const listening = (port: number) => registering({ endpoints: [{ host: "h", port }] });
const labelled = (count: number, key: string, value: string) =>
  registering({
    labels: Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`${index}${key}`.slice(0, Math.max(1, key.length)), value]),
    ),
  });
const refs = (count: number) => ({
  instances: Array.from({ length: count }, (_, index) => ({ service: "s", id: `a${index}` })),
});
const targets = (count: number) => ({ targets: Array.from({ length: count }, () => ({ service: "s" })) });

const PROMISES: readonly Promised[] = [
  promised(
    "Service.description",
    "At most 1,024 characters",
    ServiceSchema,
    [{ name: "s", description: text(1_024) }],
    [{ name: "s", description: text(1_025) }],
  ),
  promised(
    "Service.owner",
    "At most 128 characters",
    ServiceSchema,
    [{ name: "s", owner: text(128) }],
    [{ name: "s", owner: text(129) }],
  ),
  promised(
    "Instance.id",
    "1 to 128 of [A-Za-z0-9._:-]",
    RegisterRequestSchema,
    [registering({ id: "Aa0._:-" }), registering({ id: text(128) })],
    [registering({ id: "" }), registering({ id: text(129) }), registering({ id: "/" })],
  ),
  promised(
    "Instance.endpoints",
    "At least one",
    RegisterRequestSchema,
    [registering({})],
    [registering({ endpoints: [] })],
  ),
  promised(
    "Instance.weight",
    "0 to 10,000",
    RegisterRequestSchema,
    [registering({ weight: 0 }), registering({ weight: 10_000 })],
    [registering({ weight: 10_001 })],
  ),
  promised(
    "Instance.version",
    "At most 128 characters",
    RegisterRequestSchema,
    [registering({ version: text(128) })],
    [registering({ version: text(129) })],
  ),
  promised(
    "Instance.labels",
    "At most 64 pairs",
    RegisterRequestSchema,
    [labelled(64, "ab", "")],
    [labelled(65, "ab", "")],
  ),
  promised(
    "Instance.labels",
    "keys of 1 to 128 bytes",
    RegisterRequestSchema,
    [labelled(1, text(128), "")],
    [labelled(1, text(129), ""), registering({ labels: { "": "" } })],
  ),
  promised(
    "Instance.labels",
    "values of up to 1,024 bytes",
    RegisterRequestSchema,
    [labelled(1, "k", text(1_024))],
    [labelled(1, "k", text(1_025))],
  ),
  promised(
    "Endpoint.port",
    "1 to 65,535",
    RegisterRequestSchema,
    [listening(1), listening(65_535)],
    [listening(0), listening(65_536)],
  ),
  promised(
    "HealthCheck.interval",
    "1 s to 5 min",
    RegisterRequestSchema,
    [checking({ interval: seconds(1) }), checking({ interval: seconds(300) })],
    [
      checking({ interval: seconds(0, 999_999_999), timeout: seconds(0, 50_000_000) }),
      checking({ interval: seconds(300, 1) }),
    ],
  ),
  promised(
    "HealthCheck.timeout",
    "50 ms to the interval",
    RegisterRequestSchema,
    [checking({ timeout: seconds(0, 50_000_000) }), checking({ timeout: seconds(10) })],
    [checking({ timeout: seconds(0, 49_999_999) }), checking({ timeout: seconds(10, 1) })],
  ),
  promised(
    "RegisterRequest.ttl",
    "1 s to 24 h",
    RegisterRequestSchema,
    [
      { instance, ttl: seconds(1) },
      { instance, ttl: seconds(86_400) },
      { instance, ttl: seconds(0) },
    ],
    [
      { instance, ttl: seconds(0, 1) },
      { instance, ttl: seconds(86_400, 1) },
    ],
  ),
  promised("RenewRequest.instances", "1 to 1,000", RenewRequestSchema, [refs(1), refs(1_000)], [refs(0), refs(1_001)]),
  promised(
    "ListServicesRequest.page_size",
    "1 to 1,000; unset means 100",
    ListServicesRequestSchema,
    [{ pageSize: 0 }, { pageSize: 1_000 }],
    [{ pageSize: 1_001 }],
  ),
  promised(
    "OpenSession.client",
    "At most 256 characters",
    OpenSessionSchema,
    [{ client: text(256) }],
    [{ client: text(257) }],
  ),
  promised(
    "OpenSession.ttl",
    "1 s to 1 h",
    OpenSessionSchema,
    [{ ttl: seconds(1) }, { ttl: seconds(3_600) }],
    [{ ttl: seconds(0) }, { ttl: seconds(3_600, 1) }],
  ),
  promised(
    "WatchRequest.targets",
    "1 to 1,000",
    WatchRequestSchema,
    [targets(1), targets(1_000)],
    [targets(0), targets(1_001)],
  ),
  promised(
    "WatchRequest.bookmark_interval",
    "1 s to 10 min",
    WatchRequestSchema,
    [
      { ...targets(1), bookmarkInterval: seconds(1) },
      { ...targets(1), bookmarkInterval: seconds(600) },
    ],
    [
      { ...targets(1), bookmarkInterval: seconds(0, 1) },
      { ...targets(1), bookmarkInterval: seconds(600, 1) },
    ],
  ),
  promised(
    "Target.filter",
    "at most 4,096 characters",
    WatchRequestSchema,
    [{ targets: [{ service: "s", filter: `instance.id != "${text(4_079)}"` }] }],
    [{ targets: [{ service: "s", filter: `instance.id != "${text(4_080)}"` }] }],
  ),
  promised(
    "QueryCallsRequest.step",
    "At least 1 s",
    QueryCallsRequestSchema,
    [{ step: seconds(1) }],
    [{ step: seconds(0, 999_999_999) }],
  ),
  promised(
    "TailLogsRequest.backlog",
    "0 to 1,000",
    TailLogsRequestSchema,
    [{ backlog: 0 }, { backlog: 1_000 }],
    [{ backlog: 1_001 }],
  ),
  promised(
    "rpc RegisterBatch",
    "1 to 1,000 different instances",
    RegisterBatchRequestSchema,
    [{ requests: [{ instance }] }],
    [{ requests: [] }, { requests: [{ instance }, { instance }] }],
  ),
  promised(
    "DeregisterRequest.drain",
    "When positive",
    DeregisterRequestSchema,
    [{ instance: { service: "s", id: "a" }, drain: seconds(0) }],
    [{ instance: { service: "s", id: "a" }, drain: seconds(-1) }],
  ),
];

test.each(PROMISES.map((promise) => [promise.at, promise.says, promise] as const))(
  "%s holds what its comment says: %s",
  (_, says, { at, accepted, refused }) => {
    expect(commentOf(at)).toContain(says);
    for (const message of accepted) expect(() => validate(rules, message)).not.toThrow();
    for (const message of refused) expect(() => validate(rules, message)).toThrow("FIELDS_INVALID");
  },
);

/** The comment above a field or an rpc in the .proto files. */
function commentOf(at: string): string {
  const sources = ["registry", "discovery", "telemetry"].map((name) =>
    readFileSync(new URL(`../../../proto/portolan/${name}/v1/${name}.proto`, import.meta.url), "utf8"),
  );
  const [scope = "", field = ""] = at.split(".");
  const opening = field === "" ? at : `message ${scope} {`;
  const source = sources.find((candidate) => candidate.includes(opening)) ?? "";
  const lines = source.slice(field === "" ? 0 : source.indexOf(opening)).split("\n");
  const end = lines.findIndex((line) =>
    field === "" ? line.includes(`${at}(`) : new RegExp(` ${field} = [0-9]+;`).test(line),
  );
  const comment: string[] = [];
  for (let index = end - 1; lines[index]?.trim().startsWith("//"); index--)
    comment.unshift(lines[index]?.trim().slice(3) ?? "");
  return comment.join(" ");
}
