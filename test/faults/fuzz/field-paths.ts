import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

const SEGMENT = /^(?:\.?([a-z][a-z0-9_]*)|\[("(?:[^"\\]|\\.)*"|-?[0-9]+)\])/;

/** True for a path as the .proto spells it, of fields that this message's type has: `instance.endpoints[0].port`. */
export function isFieldPath(desc: DescMessage, path: string): boolean {
  let place: Place = { message: desc };
  for (let rest = path; rest !== ""; ) {
    // Whatever stands in a Struct is named by whoever sent it.
    if (place.message?.typeName === "google.protobuf.Struct") return true;
    const [segment, name, key] = SEGMENT.exec(rest) ?? [];
    const next = name === undefined ? elementOf(place, key) : memberOf(place, name);
    if (segment === undefined || !next) return false;
    place = next;
    rest = rest.slice(segment.length);
  }
  return path !== "";
}

/** Where a path has come to: in a message, or at a list or map whose key follows. */
interface Place {
  readonly message?: DescMessage;
  readonly repeated?: DescField;
}

function memberOf({ message }: Place, name: string): Place | undefined {
  const field = message?.fields.find((candidate) => candidate.name === name);
  if (!field) return message?.oneofs.some((oneof) => oneof.name === name) ? {} : undefined;
  if (field.fieldKind === "list" || field.fieldKind === "map") return { repeated: field };
  return field.message ? { message: field.message } : {};
}

function elementOf({ repeated }: Place, key = ""): Place | undefined {
  if (!repeated) return undefined;
  const isText = repeated.fieldKind === "map" && repeated.mapKey === ScalarType.STRING;
  if (key.startsWith('"') !== isText) return undefined;
  return repeated.message ? { message: repeated.message } : {};
}
