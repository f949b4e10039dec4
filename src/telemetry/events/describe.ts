import type { Change, ChangeSet, Health, Instance, Service } from "../../model/index.js";
import { DEFAULT_NAMESPACE, formatAddress } from "../../model/index.js";
import { changedFields } from "./changed-fields.js";
import type { Event, EventDraft } from "./event.js";

type Told = Pick<EventDraft, "type" | "message" | "attributes">;

/** health -> the name of the public enum's value, without its prefix. */
const HEALTH_NAMES: Readonly<Record<Health, string>> = {
  serving: "SERVING",
  degraded: "DEGRADED",
  starting: "STARTING",
  draining: "DRAINING",
  "not-serving": "NOT_SERVING",
};

/** What an event is about. */
interface Subject {
  readonly namespace: string;
  readonly service: string;
  readonly instanceId: string;
}

/** The events of a commit, at least one a change, in the order of its changes and each at its place. */
export function eventsOf(set: ChangeSet): Event[] {
  const events: Event[] = [];
  for (const change of set.changes) {
    const subject = subjectOf(change);
    for (const told of toldOf(change, set)) events.push(eventOf(set, events.length, subject, told));
  }
  return events;
}

/** Field by field: spreading objects would cost more than all else here, and every change of the state pays for it. */
function eventOf(set: ChangeSet, order: number, subject: Subject, told: Told): Event {
  return {
    place: { revision: set.revision, order },
    revision: set.revision,
    timeMs: set.committedAtMs,
    type: told.type,
    actor: set.actor,
    namespace: subject.namespace,
    service: subject.service,
    instanceId: subject.instanceId,
    message: told.message,
    attributes: told.attributes,
  };
}

function subjectOf({ before, after }: Change): Subject {
  const entity = after ?? before;
  if (!entity) return { namespace: "", service: "", instanceId: "" };
  const { value } = entity;
  if (entity.kind === "service") return { namespace: value.namespace, service: entity.value.name, instanceId: "" };
  return { namespace: value.namespace, service: entity.value.service, instanceId: entity.value.id };
}

function toldOf({ before, after }: Change, set: ChangeSet): Told[] {
  const entity = after ?? before;
  if (entity?.kind === "service") {
    return [serviceTold(entity.value, { existed: before !== undefined, exists: after !== undefined, set })];
  }
  const earlier = before?.kind === "instance" ? before.value : undefined;
  const later = after?.kind === "instance" ? after.value : undefined;
  return instanceTold(earlier, later, set);
}

function serviceTold(service: Service, how: { existed: boolean; exists: boolean; set: ChangeSet }): Told {
  const name = serviceName(service.namespace, service.name);
  const { actor, cause } = how.set;
  if (!how.exists) return { type: "service.deleted", message: `${name} deleted by ${actor}`, attributes: { cause } };
  const verb = how.existed ? "changed" : "created";
  const message = `${name} ${verb} by ${actor}`;
  return { type: "service.put", message, attributes: { cause, created: String(!how.existed) } };
}

function instanceTold(before: Instance | undefined, after: Instance | undefined, set: ChangeSet): Told[] {
  if (after && before) return changed(before, after, set);
  if (after) return [registered(after, set)];
  return before ? [left(before, set)] : [];
}

function registered(instance: Instance, { actor, cause }: ChangeSet): Told {
  const address = addressOf(instance);
  return {
    type: "instance.registered",
    message: `${instanceName(instance)} registered at ${address} by ${actor}`,
    attributes: { cause, address, health: HEALTH_NAMES[instance.health], ...version(instance) },
  };
}

function left(instance: Instance, { actor, cause }: ChangeSet): Told {
  const attributes = {
    cause,
    address: addressOf(instance),
    health: HEALTH_NAMES[instance.health],
    ...version(instance),
  };
  const name = instanceName(instance);
  if (cause === "lease-expired") {
    return { type: "instance.expired", message: `${name} expired: its lease was not renewed`, attributes };
  }
  if (cause === "session-expired") {
    return { type: "instance.expired", message: `${name} expired: its session did not come back`, attributes };
  }
  return { type: "instance.deregistered", message: `${name} deregistered by ${actor}`, attributes };
}

/** A change of health and a change of other fields are two events; every change is at least one. */
function changed(before: Instance, after: Instance, set: ChangeSet): Told[] {
  const told = before.health === after.health ? [] : [healthChanged(before, after, set)];
  const fields = changedFields(before, after);
  if (fields.length > 0 || told.length === 0) told.push(updated(after, fields, set));
  return told;
}

function updated(instance: Instance, fields: readonly string[], { actor, cause }: ChangeSet): Told {
  const { drainMs } = instance;
  const words = fields.map((field) =>
    field === "drain" && drainMs !== undefined ? `drain of ${drainMs / 1_000} s` : field,
  );
  const what = words.length === 0 ? "" : `: ${words.join(", ")}`;
  return {
    type: "instance.updated",
    message: `${instanceName(instance)} updated by ${actor}${what}`,
    attributes: { cause, fields: fields.join(","), ...version(instance) },
  };
}

function healthChanged(before: Instance, after: Instance, { actor, cause }: ChangeSet): Told {
  const [from, to] = [HEALTH_NAMES[before.health], HEALTH_NAMES[after.health]];
  const why = after.healthReason === "" ? "" : `: ${after.healthReason}`;
  return {
    type: "instance.health_changed",
    message: `${instanceName(after)} went from ${from} to ${to} by ${actor}${why}`,
    attributes: {
      cause,
      health_before: from,
      health_after: to,
      reason: after.healthReason,
      ...version(after),
    },
  };
}

function version(instance: Instance): Record<string, string> {
  return instance.version === "" ? {} : { version: instance.version };
}

function serviceName(namespace: string, name: string): string {
  return namespace === DEFAULT_NAMESPACE ? name : `${namespace}/${name}`;
}

function instanceName({ namespace, service, id }: Instance): string {
  return `${serviceName(namespace, service)}/${id}`;
}

function addressOf({ endpoints }: Instance): string {
  const first = endpoints[0];
  if (!first) return "no address";
  return formatAddress(first.host, first.port);
}
