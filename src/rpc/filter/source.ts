const MAX_NESTING = 32;
const MAX_SPACE = 200;

/** Comments, strings (raw ones first, because a backslash means nothing in them), brackets, much space. */
const TOKENS = new RegExp(
  [
    /\/\/[^\n]*/,
    /(?:[bB]?[rR]|[rR][bB])(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n\r]*"|'[^'\n\r]*')/,
    /"""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?'''/,
    /"(?:\\[\s\S]|[^"\\\n\r])*"|'(?:\\[\s\S]|[^'\\\n\r])*'/,
    /[()[\]{}]/,
    /\s+/,
  ]
    .map((token) => token.source)
    .join("|"),
  "g",
);

/** Where an offset lies in a text, counted from 1: "line:column". */
export function positionOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `${before.length}:${(before.at(-1) ?? "").length + 1}`;
}

/**
 * Refuses what the parser goes over again and again, before it sees it: it takes seconds over some hundreds of brackets that are
 * not closed, and a quarter of a second over 4,000 spaces.
 *
 * @returns what is wrong, or undefined.
 */
export function layoutFault(text: string): string | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    if (token.length > MAX_SPACE && token.trim() === "")
      return `${positionOf(text, index)}: has more than ${MAX_SPACE} spaces in a row`;
    if (token.length > 1 || token.trim() === "") continue;
    depth = "([{".includes(token) ? depth + 1 : Math.max(0, depth - 1);
    if (depth > MAX_NESTING) return `${positionOf(text, index)}: brackets are nested more than ${MAX_NESTING} deep`;
  }
  return undefined;
}

/** What the parser's error says to people: where, and what it stumbled over. */
export function syntaxFault(error: unknown): string {
  if (error instanceof RangeError) return "1:1: is nested too deeply";
  const { location, found } = error as {
    readonly location?: { readonly start: { readonly line: number; readonly column: number } };
    readonly found?: string;
  };
  const at = location ? `${location.start.line}:${location.start.column}` : "1:1";
  return found ? `${at}: syntax error at ${JSON.stringify(found)}` : `${at}: syntax error`;
}
