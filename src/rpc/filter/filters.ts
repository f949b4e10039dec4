import { celEnv } from "@bufbuild/cel";
import { LRUCache } from "lru-cache";
import { invalidField } from "../../model/index.js";
import { type Compiled, compile } from "./compile.js";
import { Fuel, fuelFunctions } from "./fuel.js";
import type { FilterKind, FilterSubjects } from "./variables.js";

/** A compiled filter. */
export interface Filter<T> {
  /** The expression as the client wrote it. */
  readonly text: string;
  /**
   * False also when it cannot be evaluated: a label that is not there does not match, nor does a text that is too long for its
   * pattern. Never throws, and never takes longer than `Fuel` allows.
   */
  matches(value: T): boolean;
}

/** Compiles filters, and remembers the most recent ones: clients send the same few again and again. */
export interface Filters {
  /**
   * The filter of an expression; undefined for an empty one.
   *
   * @param field the path that a violation names; default "filter". Who validated the request before sees none.
   * @throws DomainError FIELDS_INVALID with the position of the fault: syntax, unknown names, types, no boolean, too costly.
   */
  compile<Kind extends FilterKind>(kind: Kind, text: string, field?: string): Filter<FilterSubjects[Kind]> | undefined;
  /** What is wrong with an expression, position first; undefined when nothing is. */
  faultOf(kind: FilterKind, text: string): string | undefined;
}

/** Options of filters. */
export interface FiltersOptions {
  /** How many compiled expressions are remembered; default 1,000. */
  readonly capacity?: number;
}

const DEFAULT_CAPACITY = 1_000;

/** Makes filters over instances, services and log records. */
export function createFilters({ capacity = DEFAULT_CAPACITY }: FiltersOptions = {}): Filters {
  const fuel = new Fuel();
  const env = celEnv({ funcs: fuelFunctions(fuel) });
  /** "kind:text" -> what it came to, as a predicate over that kind. */
  const compiled = new LRUCache<string, Compiled<never>>({ max: capacity });

  const known = <Kind extends FilterKind>(kind: Kind, text: string): Compiled<FilterSubjects[Kind]> => {
    const key = `${kind}:${text}`;
    const earlier = compiled.get(key) as Compiled<FilterSubjects[Kind]> | undefined;
    if (earlier) return earlier;
    const result = compile({ env, fuel }, kind, text);
    if (text.length <= MAX_REMEMBERED_LENGTH) compiled.set(key, result);
    return result;
  };

  return {
    compile(kind, text, field = "filter") {
      if (text === "") return undefined;
      const result = known(kind, text);
      if ("fault" in result) throw invalidField(field, result.fault);
      return { text, matches: result.matches };
    },
    faultOf(kind, text) {
      if (text === "") return undefined;
      const result = known(kind, text);
      return "fault" in result ? result.fault : undefined;
    },
  };
}

/** What is longer than a filter may be is not worth remembering. */
const MAX_REMEMBERED_LENGTH = 4_096;
