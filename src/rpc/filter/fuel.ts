import { type CelFunc, CelScalar, celFunc, celMethod } from "@bufbuild/cel";
import type { Expr } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import { patternSize } from "./pattern.js";
import type { Type } from "./types.js";

/** What one evaluation may spend on texts: at the very worst some 200 ms, for patterns and texts made to be slow. */
const FULL = 20_000_000;

/** Function -> what one character of its text costs, in steps of some 10 ns. What costs nothing to speak of is not here. */
const PRICES: ReadonlyMap<string, number> = new Map([
  ["_+_", 1],
  ["size", 5],
  ["int", 40],
  ["uint", 40],
  ["double", 1],
  ["timestamp", 1],
]);

const PRICE_OF_MATCHING = 8;
/** Characters of what is searched for that cost as much as the text once more. */
const NEEDLE = 16;

const METER = "@metered";
const { BOOL, BYTES, INT, STRING } = CelScalar;

/**
 * What an evaluation has left to look at texts.
 *
 * `check` bounds the steps of an evaluation, and cannot know how long the texts will be: a step over a label takes no time, a
 * pattern over a log's body takes a second, and twenty concatenations of a text with itself take the memory of the process.
 */
export class Fuel {
  #left = FULL;

  /** Before each evaluation. */
  refill(): void {
    this.#left = FULL;
  }

  /** @throws RangeError when it is used up: to the evaluation an error like others, as a label is that is not there. */
  spend(amount: number): void {
    this.#left -= amount;
    if (this.#left < 0) throw new RangeError("looks at too much text");
  }
}

/** The functions that spend fuel: one for operands that `metered` wraps, and CEL's `contains`, whose price both texts make. */
export function fuelFunctions(fuel: Fuel): CelFunc[] {
  const pay = <T extends { readonly length: number }>(text: T, price: bigint): T => {
    fuel.spend(text.length * Number(price));
    return text;
  };
  return [
    celFunc(METER, [STRING, INT], STRING, pay),
    celFunc(METER, [BYTES, INT], BYTES, pay),
    celMethod("contains", STRING, [STRING], BOOL, function (needle) {
      fuel.spend(this.length * (1 + needle.length / NEEDLE));
      return this.includes(needle);
    }),
  ];
}

/** What one character of a call's text costs; undefined for a call that need not pay. @param pattern of `matches`. */
export function priceOf(name: string, pattern: string | undefined): number | undefined {
  return pattern === undefined ? PRICES.get(name) : PRICE_OF_MATCHING * patternSize(pattern);
}

/** The operand of a call as it is evaluated: a text, unless it is written in the filter, pays for each look at it. */
export function metered(operand: Expr, type: Type, price: number | undefined): Expr {
  const isText = type.kind === "string" || type.kind === "bytes";
  if (price === undefined || !isText || operand.exprKind.case === "constExpr") return operand;
  const args = [operand, intLiteral(operand.id, BigInt(price))];
  const value = { $typeName: "cel.expr.Expr.Call", function: METER, args } as const;
  return { $typeName: "cel.expr.Expr", id: operand.id, exprKind: { case: "callExpr", value } };
}

/** A whole number as an expression. */
export function intLiteral(id: bigint, value: bigint): Expr {
  return {
    $typeName: "cel.expr.Expr",
    id,
    exprKind: {
      case: "constExpr",
      value: { $typeName: "cel.expr.Constant", constantKind: { case: "int64Value", value } },
    },
  };
}
