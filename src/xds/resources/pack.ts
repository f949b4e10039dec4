import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { type Any, anyPack, type Duration } from "@bufbuild/protobuf/wkt";

/** A message within another. */
export function pack<Desc extends DescMessage>(schema: Desc, message: MessageInitShape<Desc>): Any {
  return anyPack(schema, create(schema, message));
}

/** Where Envoy has a limit of time unless told otherwise: none. */
export const NO_LIMIT: Duration = { $typeName: "google.protobuf.Duration", seconds: 0n, nanos: 0 };
