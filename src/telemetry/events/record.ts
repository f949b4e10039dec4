import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { TelemetryEventCursorSchema, TelemetryEventFloorSchema } from "../../../gen/portolan/store/v1/telemetry_pb.js";
import type { Operation } from "../disk/database.js";
import { metaKey } from "../disk/keys.js";
import type { EventPlace } from "./event.js";

/** Writes how far the log has come: the place of the next event that has no revision of its own. */
export function cursorOperation(next: EventPlace): Operation {
  const record = create(TelemetryEventCursorSchema, { recordedRevision: next.revision, nextOrder: next.order });
  return { type: "put", key: metaKey("events"), value: toBinary(TelemetryEventCursorSchema, record) };
}

/** Reads how far the log had come. */
export function decodeCursor(value: Uint8Array): EventPlace {
  const { recordedRevision, nextOrder } = fromBinary(TelemetryEventCursorSchema, value);
  return { revision: recordedRevision, order: nextOrder };
}

/** Writes the revision up to which events may be missing. */
export function floorOperation(revision: bigint): Operation {
  const record = create(TelemetryEventFloorSchema, { revision });
  return { type: "put", key: metaKey("events-floor"), value: toBinary(TelemetryEventFloorSchema, record) };
}

/** Reads the revision up to which events may be missing. */
export function decodeFloor(value: Uint8Array): bigint {
  return fromBinary(TelemetryEventFloorSchema, value).revision;
}
