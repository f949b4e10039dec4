import { createHash } from "node:crypto";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { type ResourceType, TYPE_URLS } from "./types.js";

/** One resource as it goes out. Immutable, and one object for all streams that it goes to. */
export interface Resource {
  readonly type: ResourceType;
  readonly name: string;
  /** A hash of the content: equal on every replica, and after every restart. */
  readonly version: string;
  readonly any: Any;
}

/** Encodes a resource, once for all who are sent it. */
export function createResource<Desc extends DescMessage>(
  type: ResourceType,
  name: string,
  schema: Desc,
  message: MessageInitShape<Desc>,
): Resource {
  return resourceOf(type, name, toBinary(schema, create(schema, message)));
}

/** A resource whose bytes are there already. */
export function resourceOf(type: ResourceType, name: string, bytes: Uint8Array): Resource {
  const value = bytes as Any["value"];
  return {
    type,
    name,
    version: contentHash(bytes),
    any: { $typeName: "google.protobuf.Any", typeUrl: TYPE_URLS[type], value },
  };
}

/** The version of a set of resources: equal where names and contents are. */
export function versionOf(resources: Iterable<Resource>): string {
  const lines = [...resources].map(({ name, version }) => `${name}=${version}`).sort();
  return contentHash(lines.join("\n"));
}

/** 64 bits are enough to tell the contents of one name apart. */
function contentHash(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}
