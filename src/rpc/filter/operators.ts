import { isComparable, isNumber, isOrdered, scalar, type Type } from "./types.js";

const BOOL = scalar("bool");

/** What an operator makes of its operands; undefined when it does not take them. */
type Operator = (operands: readonly Type[]) => Type | undefined;

/** Operator, as the parser calls it -> how people write it, and its typing. */
const OPERATORS: ReadonlyMap<string, readonly [string, Operator]> = new Map<string, readonly [string, Operator]>([
  ["_&&_", ["&&", every("bool")]],
  ["_||_", ["||", every("bool")]],
  ["!_", ["!", every("bool")]],
  ["@not_strictly_false", ["all or exists", every("bool")]],
  ["_==_", ["==", pair((left, right) => (isComparable(left, right) ? BOOL : undefined))]],
  ["_!=_", ["!=", pair((left, right) => (isComparable(left, right) ? BOOL : undefined))]],
  ["_<_", ["<", ordering]],
  ["_<=_", ["<=", ordering]],
  ["_>_", [">", ordering]],
  ["_>=_", [">=", ordering]],
  ["@in", ["in", pair(membership)]],
  ["_[_]", ["[]", pair(element)]],
  ["_?_:_", ["?:", choice]],
  ["_+_", ["+", pair(sum)]],
  ["_-_", ["-", pair(difference)]],
  ["_*_", ["*", pair(arithmetic)]],
  ["_/_", ["/", pair(arithmetic)]],
  ["_%_", ["%", pair((left, right) => (left.kind === "double" ? undefined : arithmetic(left, right)))]],
  ["-_", ["-", ([operand]) => (operand?.kind === "int" || operand?.kind === "double" ? operand : undefined)]],
]);

/** How people write an operator; undefined for what is none. */
export function operatorSign(name: string): string | undefined {
  return OPERATORS.get(name)?.[0];
}

/** The type of an operation; undefined when the operator does not take these operands. */
export function resultOfOperator(name: string, operands: readonly Type[]): Type | undefined {
  return OPERATORS.get(name)?.[1](operands);
}

function every(kind: "bool"): Operator {
  return (operands) =>
    operands.every((operand) => operand.kind === kind || operand.kind === "any") ? BOOL : undefined;
}

function pair(typing: (left: Type, right: Type) => Type | undefined): Operator {
  return ([left, right]) => (left && right ? typing(left, right) : undefined);
}

function ordering([left, right]: readonly Type[]): Type | undefined {
  return left && right && isOrdered(left, right) ? BOOL : undefined;
}

function membership(item: Type, container: Type): Type | undefined {
  if (container.kind === "list") return isComparable(item, container.element) ? BOOL : undefined;
  return container.kind === "map" && item.kind === "string" ? BOOL : undefined;
}

function element(container: Type, key: Type): Type | undefined {
  if (container.kind === "list") return key.kind === "int" ? container.element : undefined;
  return container.kind === "map" && key.kind === "string" ? scalar("string") : undefined;
}

function choice([condition, yes, no]: readonly Type[]): Type | undefined {
  if (condition?.kind !== "bool" || !yes || !no) return undefined;
  if (yes.kind === "list" && no.kind === "list") return union(yes, no, Math.max(yes.max, no.max));
  return yes.kind === no.kind ? yes : undefined;
}

function sum(left: Type, right: Type): Type | undefined {
  if (left.kind === "list" && right.kind === "list") return union(left, right, left.max + right.max);
  if (left.kind === "timestamp" && right.kind === "duration") return left;
  if (left.kind === "duration" && (right.kind === "timestamp" || right.kind === "duration")) return right;
  if (left.kind === right.kind && (left.kind === "string" || left.kind === "bytes")) return left;
  return arithmetic(left, right);
}

function difference(left: Type, right: Type): Type | undefined {
  if (left.kind === "timestamp" && right.kind === "timestamp") return scalar("duration");
  if ((left.kind === "timestamp" || left.kind === "duration") && right.kind === "duration") return left;
  return arithmetic(left, right);
}

function arithmetic(left: Type, right: Type): Type | undefined {
  return left.kind === right.kind && isNumber(left) ? left : undefined;
}

function union(left: Type & { kind: "list" }, right: Type & { kind: "list" }, max: number): Type | undefined {
  if (!isSame(left.element, right.element)) return undefined;
  return { kind: "list", element: left.element.kind === "any" ? right.element : left.element, max };
}

function isSame(left: Type, right: Type): boolean {
  return left.kind === right.kind || left.kind === "any" || right.kind === "any";
}
