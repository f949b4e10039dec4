import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Config, ConfigError, type ConfigSources, loadConfig, SETTINGS } from "../../src/config.js";
import { anyText } from "../support/any-text.js";

const names = Object.values(SETTINGS).map(({ name }) => name);
const defaults = loadConfig({ env: {} });
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "portolan-config-"));
});
afterAll(() => rm(dir, { recursive: true }));

/** Settings of the kinds that the program takes, or faults that are a line each. */
function expectSettledOrTold(sources: ConfigSources): void {
  let config: Config;
  try {
    config = loadConfig(sources);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { faults } = error as ConfigError;
    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) expect(fault).toMatch(/^[^\r\n]*\S[^\r\n]*$/);
    expect(faults.join()).not.toMatch(/\.js:\d|node_modules|undefined/);
    return;
  }
  for (const [key, value] of Object.entries(config)) {
    const kinds = [typeof Reflect.get(defaults, key), "undefined", "number", "object"];
    expect(kinds, `${key} became ${String(value)}`).toContain(typeof value);
    if (typeof value === "number") expect(value).toSatisfy(Number.isFinite);
  }
}

const anyName = fc.oneof({ arbitrary: fc.constantFrom(...names), weight: 4 }, anyText);

test("any flags are settings, or are refused with a line each", () => {
  const flags = fc.dictionary(anyName, anyText, { maxKeys: 4, noNullPrototype: true });
  fc.assert(
    fc.property(flags, (given) => expectSettledOrTold({ env: {}, flags: given })),
    { numRuns: 2_000 },
  );
});

test("any variables are settings, or are refused with a line each", () => {
  const variable = anyName.map((name) => `PORTOLAN_${name.toUpperCase().replaceAll("-", "_")}`);
  const env = fc.dictionary(
    variable.filter((name) => name !== "PORTOLAN_CONFIG"),
    anyText,
    { maxKeys: 4, noNullPrototype: true },
  );
  fc.assert(
    fc.property(env, (given) => expectSettledOrTold({ env: given })),
    { numRuns: 1_000 },
  );
});

const anyYaml = fc.oneof(
  fc.array(fc.tuple(anyName, anyText), { maxLength: 4 }).map((all) => all.map(([k, v]) => `${k}: ${v}`).join("\n")),
  fc
    .array(fc.tuple(anyName, fc.jsonValue({ maxDepth: 2 })), { maxLength: 4 })
    .map((all) => all.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join("\n")),
  fc
    .array(
      fc.constantFrom(
        "&a ",
        "*a",
        "- ",
        "? ",
        ": ",
        "!!binary ",
        "!x ",
        "---\n",
        "{",
        "[",
        "|",
        "\n  ",
        "'",
        "%TAG",
        "\t",
      ),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    "<<: *a",
    "a: &a [*a]",
    `a: &a [${"x,".repeat(200)}]\nb: [${"*a,".repeat(200)}]`,
    "\ufeffinsecure: true",
  ),
);

test("any file holds settings, or is refused with a line for each fault", async () => {
  const file = join(dir, "any.yaml");
  await fc.assert(
    fc.asyncProperty(anyYaml, async (text) => {
      await writeFile(file, text);
      expectSettledOrTold({ env: {}, file });
    }),
    { numRuns: 1_000 },
  );
});

test("what every object has is no value of a setting", () => {
  for (const text of ["constructor", "toString", "__proto__"]) {
    expect(() => loadConfig({ env: {}, flags: { insecure: text } })).toThrow(/true or false/);
  }
});
