import { BinaryReader, type BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Entity } from "../../model/index.js";
import { readInstance, writeInstance } from "./instance-codec.js";
import { readService, writeService } from "./service-codec.js";
import { readEnd, readFields, writeMessage } from "./wire.js";

/**
 * Writes the fields of store.proto's Entity.
 *
 * Why by hand and not by the generated schema: it is four times as fast, and every commit and every restart pays for it. A
 * test holds both together.
 */
export function writeEntity(to: BinaryWriter, entity: Entity): void {
  if (entity.kind === "service") writeMessage(to, 1, () => writeService(to, entity.value));
  else writeMessage(to, 2, () => writeInstance(to, entity.value));
}

/** An entity as store.proto's Entity. `writer` must be empty, and is so again. */
export function encodeEntity(writer: BinaryWriter, entity: Entity): Uint8Array {
  writeEntity(writer, entity);
  return writer.finish();
}

/** Reads the fields of store.proto's Entity up to `end`. @throws Error when they are none. */
export function readEntity(from: BinaryReader, end: number): Entity {
  let entity: Entity | undefined;
  readFields(from, end, (field) => {
    if (field === 1) entity = { kind: "service", value: readService(from, readEnd(from)) };
    else if (field === 2) entity = { kind: "instance", value: readInstance(from, readEnd(from)) };
    else return false;
    return true;
  });
  if (!entity) throw new RangeError("an entity of an unknown kind");
  return entity;
}

/** The entity that these bytes are. @throws Error when they are none. */
export function decodeEntity(bytes: Uint8Array): Entity {
  return readEntity(new BinaryReader(bytes), bytes.length);
}
