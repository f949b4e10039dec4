import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

const MAX_KEY_LENGTH = 64;

/**
 * The path of a field as the .proto spells it: `instance.endpoints[0].port`, `instance.labels["env"]`.
 *
 * @param path names as in TypeScript, indexes and map keys; the member that a oneof holds is reached by "value".
 */
export function fieldPath(desc: DescMessage, message: unknown, path: readonly PropertyKey[]): string {
  return inMessage(desc, message, path, "");
}

function inMessage(desc: DescMessage, message: unknown, path: readonly PropertyKey[], text: string): string {
  const [name, ...rest] = path;
  if (name === undefined) return text;
  const value = memberOf(message, name);
  const oneof = desc.oneofs.find((candidate) => candidate.localName === name);
  if (oneof) {
    const member = desc.field[String(memberOf(value, "case"))];
    if (rest[0] !== "value" || !member) return joined(text, oneof.name);
    return inField(member, memberOf(value, "value"), rest.slice(1), joined(text, member.name));
  }
  const field = desc.field[String(name)];
  return field ? inField(field, value, rest, joined(text, field.name)) : text;
}

function inField(field: DescField, value: unknown, path: readonly PropertyKey[], text: string): string {
  const [key, ...rest] = path;
  if (key === undefined) return text;
  if (field.fieldKind === "message") return inMessage(field.message, value, path, text);
  const element = `${text}[${hasTextKeys(field) ? mapKey(String(key)) : String(key)}]`;
  return field.message ? inMessage(field.message, memberOf(value, key), rest, element) : element;
}

function hasTextKeys(field: DescField): boolean {
  return field.fieldKind === "map" && field.mapKey === ScalarType.STRING;
}

function mapKey(key: string): string {
  return JSON.stringify(key.length > MAX_KEY_LENGTH ? `${key.slice(0, MAX_KEY_LENGTH)}…` : key);
}

function memberOf(value: unknown, name: PropertyKey): unknown {
  return typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[name] : undefined;
}

function joined(text: string, name: string): string {
  return text === "" ? name : `${text}.${name}`;
}
