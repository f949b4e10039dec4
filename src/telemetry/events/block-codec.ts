import { fromBinary } from "@bufbuild/protobuf";
import {
  TelemetryEventBlockSchema,
  type TelemetryEvent as TelemetryEventRecord,
} from "../../../gen/portolan/store/v1/telemetry_pb.js";
import { compareMoments, type Event, type EventMoment } from "./event.js";
import type { FieldWriter } from "./field-writer.js";

/** Fields that hold messages, and how many bytes the length of one mostly takes. */
const EVENTS = { field: 1, lengthBytes: 2 } as const;
const ATTRIBUTES = { field: 9, lengthBytes: 1 } as const;

/**
 * Writes an event as the next one of a TelemetryEventBlock.
 *
 * By hand and not by the generated schema: every change of the state pays for it. A test holds both together.
 *
 * @param timeMs whole, 0 or more
 */
export function writeEvent(to: FieldWriter, event: Event, timeMs: number): void {
  const start = to.open(EVENTS);
  to.whole(1, event.revision);
  to.whole(2, timeMs);
  to.string(3, event.type);
  to.string(4, event.actor);
  to.string(5, event.namespace);
  to.string(6, event.service);
  to.string(7, event.instanceId);
  to.string(8, event.message);
  for (const key of Object.keys(event.attributes)) writeAttribute(to, key, event.attributes[key] ?? "");
  to.whole(10, event.place.revision);
  to.whole(11, event.place.order);
  to.close(start, EVENTS);
}

/** The events of a block in their order. @throws Error when the bytes are no block that ends at `last`. */
export function decodeBlock(last: EventMoment, value: Uint8Array): Event[] {
  const events = fromBinary(TelemetryEventBlockSchema, value).events.map(eventOf);
  const newest = events.at(-1);
  if (!newest || compareMoments(newest, last) !== 0)
    throw new RangeError("a block that does not end where its key says");
  return events;
}

function writeAttribute(to: FieldWriter, key: string, value: string): void {
  const start = to.open(ATTRIBUTES);
  to.string(1, key);
  to.string(2, value);
  to.close(start, ATTRIBUTES);
}

function eventOf(record: TelemetryEventRecord): Event {
  const { revision, type, actor, namespace, service, instanceId, message, attributes } = record;
  const place = { revision: record.placeRevision, order: Number(record.placeOrder) };
  const timeMs = Number(record.timeMs);
  return { place, revision, timeMs, type, actor, namespace, service, instanceId, message, attributes };
}
