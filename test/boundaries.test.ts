import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const BIOME = resolve("node_modules/@biomejs/biome/bin/biome");

/** What is linted with the project's own rules in a copy of its layout: path -> the fault planted there. */
const PLANTED: Readonly<Record<string, string>> = {
  "src/store/upwards.ts": `import type { A } from "../registry/index.js";\nexport type B = A;\n`,
  "src/store/level/upwards.ts": `import type { A } from "../../registry/index.js";\nexport type B = A;\n`,
  "src/discovery/past-the-door.ts": `import type { A } from "../model/instance.js";\nexport type B = A;\n`,
  "src/model/wire.ts": `import type { A } from "../../gen/portolan/registry/v1/registry_pb.js";\nexport type B = A;\n`,
  "src/xds/upwards.ts": `import type { A } from "../telemetry/index.js";\nexport type B = A;\n`,
  "src/xds/grpc.ts": `import type { A } from "@grpc/grpc-js";\nexport type B = A;\n`,
  "src/registry/grpc.ts": `import type { A } from "@grpc/grpc-js";\nexport type B = A;\n`,
  "src/rpc/environment.ts": `export const home = process.env.HOME;\n`,
  "src/stream/one.ts": `import { two } from "./two.js";\nexport const one = (): number => two();\n`,
  "src/stream/two.ts": `import { one } from "./one.js";\nexport const two = (): number => one();\n`,
};

describe("the boundary checker", () => {
  let report = "";
  const copy = mkdtempSync(join(tmpdir(), "portolan-boundaries-"));

  beforeAll(() => {
    const { vcs: _, ...config } = JSON.parse(readFileSync("biome.json", "utf8"));
    writeFileSync(join(copy, "biome.json"), JSON.stringify(config));
    for (const [path, text] of Object.entries(PLANTED)) {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      writeFileSync(join(copy, path), text);
    }
    report = lint(copy);
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  test.each([
    ["a room that imports one above it", "src/store/upwards.ts", "noRestrictedImports"],
    ["the same at any depth", "src/store/level/upwards.ts", "noRestrictedImports"],
    ["a room that passes another's door by", "src/discovery/past-the-door.ts", "noRestrictedImports"],
    ["a model that knows the wire", "src/model/wire.ts", "noRestrictedImports"],
    ["a room that knows gRPC", "src/registry/grpc.ts", "noRestrictedImports"],
    ["xDS that knows who listens to its reports", "src/xds/upwards.ts", "noRestrictedImports"],
    ["xDS that knows how it travels", "src/xds/grpc.ts", "noRestrictedImports"],
    ["the environment read outside config.ts", "src/rpc/environment.ts", "noProcessEnv"],
    ["files that import each other", "src/stream/one.ts", "noImportCycles"],
  ])("sees %s", (_, path, rule) => {
    expect(report.split("\n").some((line) => line.startsWith(path) && line.includes(rule))).toBe(true);
  });

  test("finds nothing in the rooms themselves", () => {
    const rooms = lint(".");
    expect(rooms).not.toContain("noRestrictedImports");
    expect(rooms).not.toContain("noImportCycles");
    expect(rooms).not.toContain("noProcessEnv");
  });
});

function lint(cwd: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [BIOME, "lint", "--max-diagnostics=none", "src"], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return stdout + stderr;
}
