import { type CelEnv, isCelError, parse, plan } from "@bufbuild/cel";
import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import { CheckFault, check, type Scope } from "./check.js";
import type { Fuel } from "./fuel.js";
import { layoutFault, positionOf, syntaxFault } from "./source.js";
import { typeName } from "./types.js";
import { CONSTANTS, type FilterKind, type FilterSubjects, VARIABLES } from "./variables.js";
import { viewOf } from "./view.js";

/** What an expression came to: a predicate, or what is wrong with it, position first ("1:18: …"). */
export type Compiled<T> = { readonly matches: (value: T) => boolean } | { readonly fault: string };

/** What evaluates: CEL with the functions that spend `fuel`. */
export interface Engine {
  readonly env: CelEnv;
  readonly fuel: Fuel;
}

const MAX_LENGTH = 4_096;
/** Some 3 ms at the worst, texts apart: what one evaluation may cost. */
const MAX_COST = 10_000;

/** Parses, checks and plans an expression that is not empty. Never throws. */
export function compile<Kind extends FilterKind>(
  engine: Engine,
  kind: Kind,
  text: string,
): Compiled<FilterSubjects[Kind]> {
  const early = text.length > MAX_LENGTH ? "must have at most 4,096 characters" : layoutFault(text);
  if (early !== undefined) return { fault: early };
  const positions = new Map<bigint, number>();
  try {
    const { expr, sourceInfo } = parse(text);
    for (const [id, offset] of Object.entries(sourceInfo?.positions ?? {})) positions.set(BigInt(id), offset);
    return { matches: predicate(engine, kind, checked(engine, kind, expr)) };
  } catch (error) {
    if (!(error instanceof CheckFault)) return { fault: syntaxFault(error) };
    return { fault: `${positionOf(text, positions.get(error.exprId) ?? 0)}: ${error.message}` };
  }
}

function checked({ env, fuel }: Engine, kind: FilterKind, expr: Expr): Expr {
  const scope: Scope = {
    variables: new Map([[kind, VARIABLES[kind].type]]),
    constants: CONSTANTS,
    isEvaluable: (call) => {
      fuel.refill();
      return !isCelError(plan(env, call)());
    },
  };
  const { type, cost, expr: runnable } = check(expr, scope);
  if (type.kind !== "bool") throw new CheckFault(expr.id, `a filter is true or false, this is ${typeName(type)}`);
  if (cost > MAX_COST) throw new CheckFault(expr.id, "costs too much to evaluate: use fewer or smaller loops");
  return runnable;
}

function predicate<Kind extends FilterKind>(
  { env, fuel }: Engine,
  kind: Kind,
  expr: Expr,
): (value: FilterSubjects[Kind]) => boolean {
  const evaluate = plan(env, expr);
  const view = VARIABLES[kind];
  return (value) => {
    // A label that is not there is an error inside the library, and most of an error's price is its stack.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    fuel.refill();
    try {
      return evaluate({ [kind]: viewOf(view, value) }) === true;
    } catch {
      return false;
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
}
