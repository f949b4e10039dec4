/** The type of an expression. Numbers of the API are all `int`, so that `instance.weight > 50` needs no suffix. */
export type Type =
  | { readonly kind: ScalarKind }
  /** `max`: how many elements it can have. */
  | { readonly kind: "list"; readonly element: Type; readonly max: number }
  /** From text to text. */
  | { readonly kind: "map"; readonly max: number }
  | { readonly kind: "object"; readonly name: string; readonly fields: ReadonlyMap<string, Type> };

/** `any` is the element of an empty list: it goes with everything. */
export type ScalarKind =
  | "bool"
  | "int"
  | "uint"
  | "double"
  | "string"
  | "bytes"
  | "timestamp"
  | "duration"
  | "null"
  | "any";

/** The type of that kind. */
export function scalar(kind: ScalarKind): Type {
  return { kind };
}

/** How people call a type: "string", "list(int)", "Locality". */
export function typeName(type: Type): string {
  if (type.kind === "list") return `list(${typeName(type.element)})`;
  return type.kind === "object" ? type.name : type.kind;
}

/** True for int, uint and double, which compare with each other. */
export function isNumber(type: Type): boolean {
  return type.kind === "int" || type.kind === "uint" || type.kind === "double";
}

/** True when values of both types can be told equal or different. */
export function isComparable(left: Type, right: Type): boolean {
  if (left.kind === "any" || right.kind === "any" || (isNumber(left) && isNumber(right))) return true;
  if (left.kind === "list" && right.kind === "list") return isComparable(left.element, right.element);
  if (left.kind === "object" || left.kind === "map") return false;
  return left.kind === right.kind;
}

/** True when values of both types may stand in one list. */
export function isAlike(left: Type, right: Type): boolean {
  if (left.kind === "object" && right.kind === "object") return left.name === right.name;
  return isComparable(left, right);
}

const ORDERED = new Set(["bool", "string", "bytes", "timestamp", "duration"]);

/** True when one value can be less than another. */
export function isOrdered(left: Type, right: Type): boolean {
  return (isNumber(left) && isNumber(right)) || (left.kind === right.kind && ORDERED.has(left.kind));
}

/** How many values are looked at when a value of this type is compared: of a list, all that it can hold. */
export function weightOf(type: Type): number {
  return type.kind === "list" ? Math.max(1, type.max) * weightOf(type.element) : 1;
}
