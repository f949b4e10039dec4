/** Negative when `a` comes before `b`: by the first name that differs, by code unit, in every locale alike. */
export function compareNames(a: readonly string[], b: readonly string[]): number {
  for (const [index, name] of a.entries()) {
    const other = b[index] ?? "";
    if (name !== other) return name < other ? -1 : 1;
  }
  return a.length - b.length;
}
