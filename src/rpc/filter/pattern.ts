const MAX_SIZE = 200;
const BASE_COST = 20;
const COST_A_CHARACTER = 10;
/** What a class such as \pL weighs: it holds hundreds of ranges. */
const PROPERTY_WEIGHT = 10;

/** A class, an escape, a counted repetition, a bracket, or any other character. */
const PARTS = /\[(?:\\[\s\S]|[^\]\\])*\]|\\[\s\S]|\{([0-9]+)(?:,([0-9]*))?\}|[\s\S]/g;

/**
 * What is wrong with the size of a regular expression, or undefined.
 *
 * RE2 never backtracks, but it takes time by the size of the pattern, repetitions written out, for each character of the
 * text: `(a{30}){33}` over a long label takes 25 ms.
 */
export function patternFault(pattern: string): string | undefined {
  if (pattern.includes("\\Q")) return "\\Q is not offered in patterns";
  return patternSize(pattern) > MAX_SIZE
    ? `is a pattern of more than ${MAX_SIZE} characters, repetitions written out`
    : undefined;
}

/** How many steps it takes to match a pattern, in the coin of `check`. */
export function patternCost(pattern: string): number {
  return BASE_COST + COST_A_CHARACTER * patternSize(pattern);
}

/** How long a pattern is with its repetitions written out. For what is no pattern, any number. */
export function patternSize(pattern: string): number {
  /** Sizes of the groups that are open, the pattern itself first. */
  const open = [0];
  const add = (size: number) => open.push((open.pop() ?? 0) + size);
  /** Size of what a repetition would repeat. */
  let atom = 0;
  for (const [part, least, most] of pattern.matchAll(PARTS)) {
    if (part === "(") {
      open.push(0);
    } else if (least === undefined) {
      atom = part === ")" && open.length > 1 ? (open.pop() ?? 0) : weightOf(part);
      add(atom);
    } else {
      const times = Math.max(1, Number(least), Number(most ?? 0));
      add(atom * (times - 1));
      atom *= times;
    }
  }
  return open.reduce((sum, size) => sum + size, 0);
}

function weightOf(part: string): number {
  return 1 + PROPERTY_WEIGHT * (part.match(/\\[pP]/g)?.length ?? 0);
}
