import { type ScalarKind, scalar, type Type } from "./types.js";

type Kind = ScalarKind | "list" | "map";

/** One shape in which a function may be called. */
interface Overload {
  /** What it is called on; absent for a plain function. */
  readonly target?: Kind;
  readonly args: readonly Kind[];
  readonly result: ScalarKind;
}

const SIZED: readonly Kind[] = ["string", "bytes", "list", "map"];
const NUMBERS: readonly Kind[] = ["int", "uint", "double"];
const TIME_PARTS = ["FullYear", "Month", "Date", "DayOfMonth", "DayOfWeek", "DayOfYear"];
const CLOCK_PARTS = ["Hours", "Minutes", "Seconds", "Milliseconds"];

/** Function -> the shapes in which filters may call it; the operators are in `operators.ts`. */
const FUNCTIONS: ReadonlyMap<string, readonly Overload[]> = new Map<string, readonly Overload[]>([
  ["size", SIZED.flatMap((kind) => [on(kind, [], "int"), plain([kind], "int")])],
  ...["contains", "startsWith", "endsWith", "matches"].map(
    (name) => [name, [on("string", ["string"], "bool")]] as const,
  ),
  [
    "int",
    [...NUMBERS, "string" as const, "timestamp" as const, "duration" as const].map((kind) => plain([kind], "int")),
  ],
  ["uint", [...NUMBERS, "string" as const].map((kind) => plain([kind], "uint"))],
  ["double", [...NUMBERS, "string" as const].map((kind) => plain([kind], "double"))],
  ["bool", [plain(["bool"], "bool"), plain(["string"], "bool")]],
  [
    "string",
    [...NUMBERS, "string" as const, "bool" as const, "timestamp" as const, "duration" as const].map((kind) =>
      plain([kind], "string"),
    ),
  ],
  ["timestamp", [plain(["string"], "timestamp"), plain(["timestamp"], "timestamp")]],
  ["duration", [plain(["string"], "duration"), plain(["duration"], "duration")]],
  ...TIME_PARTS.map((part) => [`get${part}`, onTimestamp()] as const),
  ...CLOCK_PARTS.map((part) => [`get${part}`, [...onTimestamp(), on("duration", [], "int")]] as const),
]);

function on(target: Kind, args: readonly Kind[], result: ScalarKind): Overload {
  return { target, args, result };
}

function plain(args: readonly Kind[], result: ScalarKind): Overload {
  return { args, result };
}

function onTimestamp(): readonly Overload[] {
  return [on("timestamp", [], "int"), on("timestamp", ["string"], "int")];
}

/** True for a function that filters may call in some shape. */
export function isFunction(name: string): boolean {
  return FUNCTIONS.has(name);
}

/** What a call gives; undefined when the function does not take these. */
export function resultOfCall(name: string, target: Type | undefined, args: readonly Type[]): Type | undefined {
  const match = FUNCTIONS.get(name)?.find(
    (overload) =>
      (overload.target === undefined) === (target === undefined) &&
      (target === undefined || accepts(overload.target, target)) &&
      overload.args.length === args.length &&
      overload.args.every((kind, index) => accepts(kind, args[index])),
  );
  return match && scalar(match.result);
}

function accepts(kind: Kind | undefined, type: Type | undefined): boolean {
  return type?.kind === kind || type?.kind === "any";
}
