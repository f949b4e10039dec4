import type { Instance, Service } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Cell, SeenInstance } from "./history.js";

/** A service as a cell: its description is the value that the workload writes. */
export function cellOf({ description, createRevision, modRevision }: Service): Cell {
  return { value: description, create: Number(createRevision), mod: Number(modRevision), holder: "" };
}

/** An instance as a cell: its version is the value that the workload writes. */
export function seenOf({ id, version, createRevision, modRevision, sessionId }: Instance): SeenInstance {
  return { id, value: version, create: Number(createRevision), mod: Number(modRevision), holder: sessionId };
}

/** A message that every answer of its kind carries. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("an answer lacks what every such answer carries");
  return value;
}
