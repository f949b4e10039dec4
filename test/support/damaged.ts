import fc from "fast-check";

/** Bytes with some of them changed, cut off, or told twice. */
export function damaged(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom("flip", "cut", "insert", "repeat"));
  return fc.tuple(bytes, fc.array(change, { minLength: 1, maxLength: 3 })).map(([from, changes]) =>
    changes.reduce((changed: Uint8Array, [place, value, how]) => {
      const at = changed.length === 0 ? 0 : place % changed.length;
      if (how === "cut") return changed.subarray(0, at);
      if (how === "flip") return changed.map((byte, index) => (index === at ? byte ^ (1 << (value % 8)) : byte));
      const between = how === "insert" ? Uint8Array.of(value) : changed.subarray(0, at);
      return Buffer.concat([changed.subarray(0, at), between, changed.subarray(at)]);
    }, from),
  );
}
