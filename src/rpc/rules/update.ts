import type { FieldMask } from "@bufbuild/protobuf/wkt";
import type { Instance } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { UpdateInstanceRequestSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { checkEndpointNames, checkProbedEndpoint, instanceRules } from "./instance.js";
import { checkSize } from "./instance-size.js";
import { type Report, requiredMessage, rulesFor } from "./message-rules.js";
import { expectedRevision } from "./values.js";

/** Path of a mask -> the field's name in TypeScript. */
const UPDATABLE: ReadonlyMap<string, keyof Instance> = new Map([
  ["endpoints", "endpoints"],
  ["locality", "locality"],
  ["weight", "weight"],
  ["version", "version"],
  ["labels", "labels"],
  ["reported_health", "reportedHealth"],
  ["health_check", "healthCheck"],
]);

const IDENTITY: readonly (keyof Instance)[] = ["namespace", "service", "id"];
const UPDATABLE_NAMES = [...UPDATABLE.keys()].join(", ");
const MAX_PATHS = 100;

/** A change of chosen fields: what the mask does not name is not looked at. */
export const updateInstanceRules = rulesFor(
  UpdateInstanceRequestSchema,
  {
    instance: requiredMessage<Instance>((instance, report) => checkFields(instance, IDENTITY, report)),
    updateMask: requiredMessage<FieldMask>(checkMask),
    expectedRevision,
  },
  ({ instance, updateMask }, report) => {
    if (!instance || !updateMask) return;
    const chosen = new Set(updateMask.paths.slice(0, MAX_PATHS).flatMap((path) => UPDATABLE.get(path) ?? []));
    checkChosen(instance, chosen, (path, description) => report(["instance", ...path], description));
  },
);

function checkMask({ paths }: FieldMask, report: Report): void {
  if (paths.length === 0) report([], `must name at least one of ${UPDATABLE_NAMES}`);
  if (paths.length > MAX_PATHS) report([], `must have at most ${MAX_PATHS} paths`);
  for (const [index, path] of paths.slice(0, MAX_PATHS).entries()) {
    if (!UPDATABLE.has(path)) report(["paths", index], `must be one of ${UPDATABLE_NAMES}`);
  }
}

function checkChosen(instance: Instance, chosen: ReadonlySet<keyof Instance>, report: Report): void {
  checkFields(instance, [...chosen], report);
  if (chosen.has("endpoints")) checkEndpointNames(instance, report);
  if (chosen.has("endpoints") && chosen.has("healthCheck")) checkProbedEndpoint(instance, report);
  if (chosen.has("labels")) checkSize(instance, report);
}

function checkFields(instance: Instance, names: readonly (keyof Instance)[], report: Report): void {
  for (const name of names) {
    const rule = instanceRules.fields[name];
    if (rule === undefined || typeof rule === "symbol") continue;
    for (const issue of rule.safeParse(instance[name]).error?.issues ?? [])
      report([name, ...issue.path], issue.message);
  }
}
