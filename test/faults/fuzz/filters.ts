import fc from "fast-check";
import type { Instance } from "../../../src/model/index.js";
import { createFilters, type Filter } from "../../../src/rpc/filter/index.js";
import type { LogRecord } from "../../../src/telemetry/index.js";
import type { Subject } from "./explore.js";

/** What one filter may hold the event loop for, to be made or to be evaluated once, in milliseconds. */
const MAX_HOLD_MS = 250;

/** What was measured so far, for the last line. */
export interface Holds {
  made: number;
  refused: number;
  longestMakingMs: number;
  longestEvaluationMs: number;
}

const MAX_LENGTH = 4_096;
const FAULT = /^(?:[0-9]+:[0-9]+: \S|must have at most 4,096 characters$)/;

const texts = (count: number, length: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "a".repeat(length)]));

/** The largest that the rules let in. */
const INSTANCE: Instance = {
  ...{
    namespace: "default",
    service: "checkout",
    id: "a".repeat(128),
    version: "é".repeat(128),
    labels: texts(64, 1_024),
  },
  endpoints: Array.from({ length: 16 }, (_, index) => ({
    ...{ name: `e${index}`, host: "h".repeat(60), port: 8_080 + index, protocol: "grpc" as const, tls: true },
  })),
  ...{ locality: { region: "eu", zone: "eu-1", subZone: "" }, reportedHealth: "serving", health: "serving" },
  ...{ healthReason: "", holder: { kind: "none" }, registeredAtMs: 1, createRevision: 1n, modRevision: 1n },
};
const LOG: LogRecord = {
  ...{ timeNs: 1n, namespace: "default", service: "checkout", instanceId: "a1", severity: 9, traceId: "", spanId: "" },
  ...{ body: "a".repeat(65_536), attributes: texts(64, 8_192) },
};

type Kind = "instance" | "log";

/** A filter as a client writes it. */
interface Written {
  readonly kind: Kind;
  readonly text: string;
}

/** Whatever its text, a filter is made or refused with a position, and neither that nor its evaluation holds anybody up. */
export function filterSubject(holds: Holds): Subject<Written> {
  return {
    name: "any filter, made and evaluated,",
    any: anyFilter,
    check({ kind, text }) {
      // New ones each time, because compiled filters are remembered.
      const makingMs = leastMs(() => createFilters().faultOf(kind, text));
      holds.longestMakingMs = Math.max(holds.longestMakingMs, makingMs);
      assertShort(makingMs, "making it");
      const filters = createFilters();
      const fault = filters.faultOf(kind, text);
      if (fault !== undefined) {
        holds.refused++;
        if (!FAULT.test(fault)) throw new Error(`it is refused without a position: ${fault}`);
      } else if (text !== "") {
        holds.made++;
        evaluate(
          kind === "log"
            ? matcher(filters.compile("log", text), LOG)
            : matcher(filters.compile("instance", text), INSTANCE),
          holds,
        );
      }
      return Promise.resolve();
    },
  };
}

function matcher<T>(filter: Filter<T> | undefined, value: T): () => boolean | undefined {
  return () => filter?.matches(value);
}

function evaluate(matches: () => boolean | undefined, holds: Holds): void {
  const tookMs = leastMs(() => {
    const answer = matches();
    if (typeof answer !== "boolean") throw new Error(`it answers ${answer}`);
  });
  holds.longestEvaluationMs = Math.max(holds.longestEvaluationMs, tookMs);
  assertShort(tookMs, "evaluating it");
}

function assertShort(tookMs: number, what: string): void {
  if (tookMs > MAX_HOLD_MS) throw new Error(`${what} took ${Math.round(tookMs)} ms`);
}

/** How long it takes; what seems long is measured again, because the time may have been somebody else's. */
function leastMs(run: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 4 && least > MAX_HOLD_MS / 2; tries++) {
    const startedMs = performance.now();
    run();
    least = Math.min(least, performance.now() - startedMs);
  }
  return least;
}

const anyPattern = fc
  .array(
    fc.constantFrom("a", "b", "(", ")", "*", "+", "?", "|", ".", "[^b]", "{2,9}", "$", "^", "(a?){9}", "(?i)", "é"),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((parts) => `r"${parts.join("")}"`);

/** What an expression about one kind may start from. */
const NAMES = {
  instance: {
    texts: ["instance.id", "instance.version", "instance.endpoints[0].host", "instance.labels.k1"],
    numbers: ["instance.weight", "instance.mod_revision", "instance.endpoints[1].port", "HEALTH_SERVING"],
    lists: ["instance.labels", "instance.endpoints"],
    flags: ["instance.endpoints[0].tls", "has(instance.locality)"],
    /** What may be asked of an element of a list or a map, each of which is wrong for some. */
    elements: [
      "instance.labels[k] != 'a'",
      "k.port == 8080",
      "k.host.startsWith('h')",
      "k == 'a'",
      "k < 5",
      "size(k) > 1",
    ],
  },
  log: {
    texts: ["log.body", "log.attributes.k1", "log.trace_id"],
    numbers: ["log.severity", "SEVERITY_WARN"],
    lists: ["log.attributes"],
    flags: ["has(log.attributes.k1)", "log.time > timestamp('2024-01-01T00:00:00Z')"],
    elements: ["log.attributes[k].contains('b')", "size(log.attributes[k]) > 1", "k == 'a'", "k < 5", "k == k + k"],
  },
} as const;

/** Expressions that are mostly right. */
function expressionsOver(kind: Kind): fc.Arbitrary<string> {
  const { texts: ownTexts, numbers, lists, flags, elements } = NAMES[kind];
  const deep = { maxDepth: 4, withCrossShrink: true };
  const joined = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((words) => `(${words.join(" ")})`);
  return fc.letrec<{ bool: string; number: string; text: string; list: string }>((tie) => ({
    text: fc.oneof(
      deep,
      fc.constantFrom(...ownTexts, "'a'", "'é\\n'", "b'a'"),
      joined(tie("text"), fc.constant("+"), tie("text")),
      joined(tie("bool"), fc.constant("?"), tie("text"), fc.constant(": 'b'")),
      tie("number").map((number) => `string(${number})`),
    ),
    number: fc.oneof(
      deep,
      fc.constantFrom(...numbers, "1", "-1", "9223372036854775807", "1u", "1.5", "1e308", "0x7f"),
      fc.tuple(fc.constantFrom("size", "int"), tie("text")).map(([name, text]) => `${name}(${text})`),
      tie("list").map((list) => `${list}.size()`),
      joined(tie("number"), fc.constantFrom("+", "-", "*", "/", "%"), tie("number")),
    ),
    list: fc.oneof(
      deep,
      fc.constantFrom(...lists, "[1, 2]", "['a']", "[[1, 1]]", "[]"),
      fc.array(tie("number"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
      fc.tuple(tie("list"), fc.constantFrom("k", "k + k", "[k, k]", "1")).map(([list, to]) => `${list}.map(k, ${to})`),
      fc.tuple(tie("list"), fc.constantFrom(...elements)).map(([list, body]) => `${list}.filter(k, ${body})`),
      joined(tie("list"), fc.constant("+"), tie("list")),
    ),
    bool: fc.oneof(
      deep,
      fc.constantFrom(...flags, "true", "false"),
      joined(tie("bool"), fc.constantFrom("&&", "||", "=="), tie("bool")),
      tie("bool").map((value) => `!${value}`),
      joined(tie("number"), fc.constantFrom("==", "<", ">="), tie("number")),
      joined(tie("text"), fc.constantFrom("==", "<", "!="), tie("text")),
      fc.tuple(tie("text"), tie("text")).map(([text, part]) => `${text}.contains(${part})`),
      fc.tuple(tie("text"), anyPattern).map(([text, pattern]) => `${text}.matches(${pattern})`),
      fc
        .tuple(
          tie("list"),
          fc.constantFrom("all", "exists", "exists_one"),
          fc.oneof(fc.constantFrom(...elements), tie("bool")),
        )
        .map(([list, fold, body]) => `${list}.${fold}(k, ${body})`),
      joined(tie("list"), fc.constant("=="), tie("list")),
      joined(tie("number"), fc.constant("in"), tie("list")),
    ),
  })).bool;
}

const token = fc.constantFrom(
  ...[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "a",
    "a.",
    "a(",
    "true",
    "1",
    "1.",
    "1e",
    "0x",
    "'",
    '"',
    '"""',
    "r'",
    "b'",
    "\\",
    "\\u",
  ],
  ...[
    "-",
    "!",
    "- ",
    "! ",
    "?",
    ":",
    "&&",
    "||",
    "==",
    "<",
    " in ",
    "+",
    ",",
    "//",
    "\n",
    " ",
    ".exists(k,",
    ".map(k, k + k)",
  ],
  ...[
    "has(a.b)",
    "instance.",
    "é",
    "😀",
    "\0",
    "\u2028",
    "a.b{c:",
    "[0]",
    "`",
    "'a'",
    ".filter(k, true)",
    "timestamp('",
  ],
);
const tokens = fc.array(token, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));

/** A few tokens, again and again, up to the longest text that a filter may have: what parsers go back over. */
const repeated = fc
  .tuple(tokens, tokens, fc.constantFrom(1, 5, 20, 33, 200, MAX_LENGTH), tokens)
  .map(([before, part, times, after]) => `${before}${part.repeat(times)}`.slice(0, MAX_LENGTH - after.length) + after);

/** An expression with a cut, a doubling or a few tokens somewhere. */
function mutated(expression: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.tuple(fc.nat(), fc.nat({ max: 12 }), tokens);
  return fc.tuple(expression, fc.array(change, { minLength: 1, maxLength: 3 })).map(([text, changes]) =>
    changes.reduce((changed, [at, cut, inserted]) => {
      const start = at % (changed.length + 1);
      return changed.slice(0, start) + inserted + changed.slice(start + cut);
    }, text),
  );
}

/** Chains of macros over a few values: what grows in evaluation. */
const grown = fc
  .tuple(
    fc.constantFrom(
      "['aaaaaaaaaaaaaaaa']",
      "[b'aaaaaaaa']",
      "[[1, 1]]",
      "[1]",
      "instance.labels",
      "log.attributes",
      "[log.body]",
    ),
    fc.constantFrom(
      ".map(k, k + k)",
      ".map(k, [k, k])",
      ".filter(k, true)",
      ".map(k, k + 'a')",
      ".map(k, log.body + k)",
    ),
    fc.nat({ max: 40 }),
    fc.constantFrom(
      ".exists(k, k == k + k)",
      ".size() == 3",
      ".exists(k, size(k) == 3)",
      ".exists(k, k.contains('b'))",
    ),
  )
  .map(([start, step, times, end]) => start + step.repeat(times) + end);

function filtersOver(kind: Kind): fc.Arbitrary<Written> {
  const expression = expressionsOver(kind);
  const texts = fc.oneof(
    { arbitrary: expression, weight: 4 },
    { arbitrary: mutated(expression), weight: 2 },
    { arbitrary: repeated, weight: 3 },
    { arbitrary: grown, weight: 1 },
    { arbitrary: fc.string({ unit: "binary", maxLength: 200 }), weight: 1 },
  );
  return texts.map((text) => ({ kind, text }));
}

const anyFilter = fc.oneof(filtersOver("instance"), filtersOver("log"));
