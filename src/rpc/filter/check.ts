import type { Expr, Expr_Call, Expr_Comprehension, Expr_Select } from "@bufbuild/cel-spec/cel/expr/syntax_pb.js";
import { intLiteral, metered, priceOf } from "./fuel.js";
import { isFunction, resultOfCall } from "./functions.js";
import { operatorSign, resultOfOperator } from "./operators.js";
import { patternCost, patternFault } from "./pattern.js";
import { isAlike, scalar, type Type, typeName, weightOf } from "./types.js";
import { presenceKey } from "./view.js";

/** What is wrong with an expression, and at which of its parts. */
export class CheckFault extends Error {
  override readonly name = "CheckFault";
  constructor(
    readonly exprId: bigint,
    message: string,
  ) {
    super(message);
  }
}

/** An expression that was understood. */
export interface Checked {
  readonly type: Type;
  /** The expression to run: names of constants are replaced, `has()` asks the view. */
  readonly expr: Expr;
  /** How many steps one evaluation takes at most. */
  readonly cost: number;
}

/** Names in scope. */
export interface Scope {
  readonly variables: ReadonlyMap<string, Type>;
  readonly constants: ReadonlyMap<string, bigint>;
  /** False for a call of literals that can only fail: a pattern that is none, a time that is none. */
  isEvaluable(call: Expr): boolean;
}

const MAX_DEPTH = 200;

/**
 * Types an expression, bottom up.
 *
 * Why not the library's checker: it is not exported, and knows nothing of costs.
 *
 * @throws CheckFault at the first part that is wrong.
 */
export function check(expr: Expr, scope: Scope, depth = 0): Checked {
  if (depth > MAX_DEPTH) throw new CheckFault(expr.id, "is nested too deeply");
  const visit = (child: Expr | undefined): Checked => check(present(child, expr), scope, depth + 1);
  const { exprKind } = expr;
  switch (exprKind.case) {
    case "constExpr":
      return { type: literalType(expr), expr, cost: 1 };
    case "identExpr":
      return identifier(expr, exprKind.value.name, scope);
    case "selectExpr":
      return select(expr, exprKind.value, visit);
    case "callExpr":
      return call(expr, exprKind.value, scope, visit);
    case "listExpr":
      return listLiteral(expr, exprKind.value.elements.map(visit));
    case "comprehensionExpr":
      return comprehension(expr, exprKind.value, scope, depth);
    default:
      throw new CheckFault(expr.id, "maps and messages cannot be made in a filter");
  }
}

type Visit = (child: Expr | undefined) => Checked;

function present(child: Expr | undefined, parent: Expr): Expr {
  if (!child) throw new CheckFault(parent.id, "is incomplete");
  return child;
}

const LITERALS = {
  nullValue: "null",
  boolValue: "bool",
  int64Value: "int",
  uint64Value: "uint",
  doubleValue: "double",
  stringValue: "string",
  bytesValue: "bytes",
  durationValue: "duration",
  timestampValue: "timestamp",
} as const;

function literalType(expr: Expr): Type {
  const kind = expr.exprKind.case === "constExpr" ? expr.exprKind.value.constantKind.case : undefined;
  return scalar(kind === undefined ? "null" : LITERALS[kind]);
}

function identifier(expr: Expr, name: string, { variables, constants }: Scope): Checked {
  const type = variables.get(name);
  if (type) return { type, expr, cost: 1 };
  const constant = constants.get(name);
  if (constant === undefined) {
    const known = [...variables.keys()].filter((variable) => !variable.startsWith("@")).join(", ");
    throw new CheckFault(expr.id, `unknown variable ${shortened(name)}; there is ${known}`);
  }
  return { type: scalar("int"), expr: intLiteral(expr.id, constant), cost: 1 };
}

function select(expr: Expr, chosen: Expr_Select, visit: Visit): Checked {
  const operand = visit(chosen.operand);
  const fieldType = memberType(expr, operand.type, chosen.field);
  const asksView = chosen.testOnly && operand.type.kind === "object";
  const field = asksView ? presenceKey(chosen.field) : chosen.field;
  const value: Expr_Select = { ...chosen, operand: operand.expr, field, testOnly: chosen.testOnly && !asksView };
  return {
    type: chosen.testOnly ? scalar("bool") : fieldType,
    expr: { ...expr, exprKind: { case: "selectExpr", value } },
    cost: operand.cost + 1,
  };
}

function memberType(expr: Expr, type: Type, field: string): Type {
  if (type.kind === "map") return scalar("string");
  if (type.kind !== "object") throw new CheckFault(expr.id, `${typeName(type)} has no fields`);
  const member = type.fields.get(field);
  if (member) return member;
  throw new CheckFault(
    expr.id,
    `unknown field ${shortened(field)}; ${type.name} has ${[...type.fields.keys()].join(", ")}`,
  );
}

function call(expr: Expr, called: Expr_Call, scope: Scope, visit: Visit): Checked {
  const target = called.target && visit(called.target);
  const args = called.args.map(visit);
  const type = callType(
    expr,
    called.function,
    target?.type,
    args.map((arg) => arg.type),
  );
  const pattern = called.function === "matches" ? checkedPattern(expr, called.args[0]) : undefined;
  checkLiterals(expr, called, scope);
  const price = priceOf(called.function, pattern);
  const value: Expr_Call = {
    ...called,
    ...(target && { target: metered(target.expr, target.type, price) }),
    args: args.map((arg) => metered(arg.expr, arg.type, price)),
  };
  const own = pattern === undefined ? operationCost(called.function, args) : patternCost(pattern);
  return {
    type,
    expr: { ...expr, exprKind: { case: "callExpr", value } },
    cost: args.reduce((sum, arg) => sum + arg.cost, (target?.cost ?? 0) + own),
  };
}

/** Operators that look through lists. */
const COMPARING = new Set(["_==_", "_!=_", "@in"]);

function operationCost(name: string, args: readonly Checked[]): number {
  return COMPARING.has(name) ? Math.max(1, ...args.map(({ type }) => weightOf(type))) : 1;
}

/** Literals of which a function can make nothing are found now, not by every evaluation. */
function checkLiterals(expr: Expr, called: Expr_Call, scope: Scope): void {
  const [literal] = called.args;
  if (literal?.exprKind.case !== "constExpr" || operatorSign(called.function) !== undefined) return;
  const target = called.target && literal;
  const value: Expr_Call = { ...called, ...(target && { target }) };
  if (scope.isEvaluable({ ...expr, exprKind: { case: "callExpr", value } })) return;
  throw new CheckFault(literal.id, `${called.function} can make nothing of this`);
}

/** A pattern is a literal, so that its cost is known before it runs. */
function checkedPattern(expr: Expr, pattern: Expr | undefined): string {
  const constant = pattern?.exprKind.case === "constExpr" ? pattern.exprKind.value.constantKind : undefined;
  if (constant?.case !== "stringValue") throw new CheckFault(expr.id, "matches takes a pattern written as a string");
  const fault = patternFault(constant.value);
  if (fault !== undefined) throw new CheckFault(pattern?.id ?? expr.id, fault);
  return constant.value;
}

function callType(expr: Expr, name: string, target: Type | undefined, args: readonly Type[]): Type {
  const sign = operatorSign(name);
  if (sign !== undefined) {
    const result = resultOfOperator(name, args);
    if (result) return result;
    throw new CheckFault(expr.id, `${sign} does not take ${args.map(typeName).join(" and ")}${hint(args)}`);
  }
  if (!isFunction(name)) throw new CheckFault(expr.id, `unknown function ${shortened(name)}`);
  const result = resultOfCall(name, target, args);
  if (result) return result;
  const on = target ? ` on ${typeName(target)}` : "";
  throw new CheckFault(expr.id, `${name}(${args.map(typeName).join(", ")})${on} is not a call that exists`);
}

function hint(args: readonly Type[]): string {
  const kinds = new Set(args.map((arg) => arg.kind));
  return kinds.has("int") && kinds.has("string") ? "; enums are compared with names such as HEALTH_SERVING" : "";
}

function listLiteral(expr: Expr, elements: readonly Checked[]): Checked {
  const first = elements[0]?.type ?? scalar("any");
  const odd = elements.find((element) => !isAlike(first, element.type));
  if (odd) throw new CheckFault(odd.expr.id, `a list of ${typeName(first)} cannot hold ${typeName(odd.type)}`);
  return {
    type: { kind: "list", element: first, max: elements.length },
    expr: withElements(expr, elements),
    cost: elements.reduce((sum, element) => sum + element.cost, 1),
  };
}

function withElements(expr: Expr, elements: readonly Checked[]): Expr {
  if (expr.exprKind.case !== "listExpr") return expr;
  const value = { ...expr.exprKind.value, elements: elements.map((element) => element.expr) };
  return { ...expr, exprKind: { case: "listExpr", value } };
}

function comprehension(expr: Expr, fold: Expr_Comprehension, scope: Scope, depth: number): Checked {
  const within = (names: readonly (readonly [string, Type])[]): Scope => ({
    ...scope,
    variables: new Map([...scope.variables, ...names]),
  });
  const range = check(present(fold.iterRange, expr), scope, depth + 1);
  const item = iterated(range);
  const init = check(present(fold.accuInit, expr), scope, depth + 1);
  const body = within([
    [fold.iterVar, item.element],
    [fold.accuVar, init.type],
  ]);
  const condition = check(present(fold.loopCondition, expr), body, depth + 1);
  const step = check(present(fold.loopStep, expr), body, depth + 1);
  const accumulated: Type = step.type.kind === "list" ? { ...step.type, max: item.max } : step.type;
  const result = check(present(fold.result, expr), within([[fold.accuVar, accumulated]]), depth + 1);
  const value: Expr_Comprehension = {
    ...fold,
    iterRange: range.expr,
    accuInit: init.expr,
    loopCondition: condition.expr,
    loopStep: step.expr,
    result: result.expr,
  };
  return {
    type: result.type,
    expr: { ...expr, exprKind: { case: "comprehensionExpr", value } },
    cost: range.cost + init.cost + result.cost + Math.max(1, item.max) * (condition.cost + step.cost),
  };
}

function iterated(range: Checked): { readonly element: Type; readonly max: number } {
  if (range.type.kind === "list") return range.type;
  if (range.type.kind === "map") return { element: scalar("string"), max: range.type.max };
  throw new CheckFault(range.expr.id, `${typeName(range.type)} has no elements to go through`);
}

function shortened(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}…` : name;
}
