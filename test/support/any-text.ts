import fc from "fast-check";

/** What people and programs write where something else is wanted. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  {
    arbitrary: fc.constantFrom(
      ...[
        "",
        " ",
        "-",
        "--",
        "0",
        "-1",
        "1e9",
        "99999999999999999999",
        "NaN",
        "null",
        "true",
        "off",
        "~",
        "a=b",
        "=",
        "r1",
      ],
      ...["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf", "constructor://h:1", "toString=h:1"],
      ...["30s", "1.5h", "9d9d", `${"9".repeat(400)}s`, `${"9".repeat(400)}MiB`, "1ms1ms", "64KiB", "1_000"],
      ...[
        "127.0.0.1:0",
        "[::1]:7070",
        "localhost",
        "http://h:1",
        "//",
        "h:99999",
        "http://[",
        "a/b/c/d",
        "\n",
        "a\nb",
        "\0",
      ],
    ),
    weight: 3,
  },
  { arbitrary: fc.string({ unit: "binary", maxLength: 20 }), weight: 1 },
  { arbitrary: fc.string({ maxLength: 20 }), weight: 1 },
);
