import type { Message } from "@bufbuild/protobuf";
import { DomainError } from "../../model/index.js";
import type { Filters } from "../filter/index.js";
import { adminRules } from "./admin.js";
import { readRules } from "./discovery.js";
import { fieldPath } from "./field-path.js";
import { grpcProbeRules, healthCheckRules, httpProbeRules, tcpProbeRules } from "./health-check.js";
import { endpointRules, instanceRefRules, instanceRules, localityRules } from "./instance.js";
import type { MessageRules } from "./message-rules.js";
import { overrideRules } from "./override.js";
import { registrationRules } from "./registration.js";
import { serviceRequestRules } from "./service.js";
import { telemetryRules } from "./telemetry.js";

/** What the rules depend on. */
export interface RulesOptions {
  readonly filters: Filters;
  /** How many targets one watch may have; default 1,000. */
  readonly watchMaxTargets?: number;
  /** How far back a window of telemetry may reach, in milliseconds; default 24 h. */
  readonly telemetryRetentionMs?: number;
}

/** What may stand in each request: the name of a message's type -> its rules, parts of requests among them. */
export type Rules = ReadonlyMap<string, MessageRules>;

const DEFAULT_WATCH_MAX_TARGETS = 1_000;
const DEFAULT_TELEMETRY_RETENTION_MS = 86_400_000;

/** The rules of every request of every service. */
export function createRules(options: RulesOptions): Rules {
  const { filters, watchMaxTargets = DEFAULT_WATCH_MAX_TARGETS } = options;
  const all = [
    ...instanceParts,
    ...serviceRequestRules,
    ...registrationRules,
    ...overrideRules,
    ...readRules({ filters, watchMaxTargets }),
    ...telemetryRules(filters, options.telemetryRetentionMs ?? DEFAULT_TELEMETRY_RETENTION_MS),
    ...adminRules,
  ];
  return new Map(all.map((rules) => [rules.desc.typeName, rules]));
}

const instanceParts: readonly MessageRules[] = [
  instanceRules,
  endpointRules,
  localityRules,
  healthCheckRules,
  grpcProbeRules,
  httpProbeRules,
  tcpProbeRules,
  instanceRefRules,
];

/**
 * Checks a request against the rules of its type.
 *
 * @throws DomainError FIELDS_INVALID with every violation; how many of them an answer can hold is the fault table's business.
 */
export function validate(rules: Rules, message: Message): void {
  const own = rules.get(message.$typeName);
  if (!own) throw new TypeError(`${message.$typeName} has no rules`);
  const { error } = own.type.safeParse(message);
  if (!error) return;
  const violations = error.issues.map(({ path, message: description }) => ({
    field: fieldPath(own.desc, message, path),
    description,
  }));
  throw new DomainError({ reason: "FIELDS_INVALID", violations });
}
