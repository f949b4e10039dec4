import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EXIT } from "../../src/cli/index.js";
import { FakeIo } from "./fake-io.js";
import { type Answers, FakePlane } from "./fake-plane.js";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portolan-cli-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** A backup of these chunks, which breaks after them when told so. */
function backing(chunks: readonly string[], error?: ConnectError): Answers {
  return {
    admin: {
      getInfo: () => ({ revision: 42n }),
      async *backup() {
        for (const chunk of chunks) yield { chunk: Buffer.from(chunk) };
        if (error) throw error;
      },
    },
  };
}

async function backup(answers: Answers, file: string): Promise<FakeIo> {
  await using plane = await FakePlane.start(answers);
  const io = new FakeIo();
  await io.run("backup", file, "--server", plane.address);
  return io;
}

test("a backup is written whole, and its size and revision are said", async () => {
  const file = join(directory, "plane.backup");
  const io = await backup(backing(["one", "two"]), file);
  expect(await readFile(file, "utf8")).toBe("onetwo");
  expect(io.stderr.text).toBe(`${file}: 6 B, everything up to r42\n`);
  expect(await readdir(directory)).toEqual(["plane.backup"]);
});

test("a backup that breaks leaves the earlier one as it was, and nothing else behind", async () => {
  const file = join(directory, "plane.backup");
  await writeFile(file, "earlier");
  const io = await backup(backing(["one"], new ConnectError("disk is gone", Code.Internal)), file);
  expect([io.exitCode, io.stderr.text]).toEqual([EXIT.failed, "portolan: disk is gone\n"]);
  expect([await readFile(file, "utf8"), await readdir(directory)]).toEqual(["earlier", ["plane.backup"]]);
});

test("a backup of nothing is a failure, not an empty file", async () => {
  const file = join(directory, "plane.backup");
  const io = await backup(backing([]), file);
  expect([io.exitCode, existsSync(file)]).toEqual([EXIT.failed, false]);
});

test("a backup goes to stdout, with its remark on stderr", async () => {
  const io = await backup(backing(["one", "two"]), "-");
  expect([io.stdout.text, io.stderr.text]).toEqual(["onetwo", "stdout: 6 B, everything up to r42\n"]);
});

test("a backup that another one is writing is not disturbed", async () => {
  const file = join(directory, "plane.backup");
  await writeFile(`${file}.partial`, "half");
  const io = await backup(backing(["one"]), file);
  expect([io.exitCode, io.stderr.text]).toEqual([EXIT.failed, expect.stringMatching(/another backup/)]);
  expect(await readFile(`${file}.partial`, "utf8")).toBe("half");
});

test("a backup into a directory that is not there says so in one line", async () => {
  const io = await backup(backing(["one"]), join(directory, "nowhere", "x"));
  expect(io.stderr.text).toMatch(/^portolan: cannot write .*ENOENT\n$/);
});

test("protos writes every public file and nothing of the store, without a control plane", async () => {
  const io = new FakeIo();
  await io.run("protos", "--out", join(directory, "api"));
  const files = (await readdir(join(directory, "api"), { recursive: true })).filter((name) => name.endsWith(".proto"));
  expect(files.sort()).toEqual(
    ["admin", "discovery", "registry", "telemetry"].map((name) => join("portolan", name, "v1", `${name}.proto`)),
  );
  expect(io.stdout.text.trimEnd().split("\n")).toHaveLength(4);
  const source = new URL("../../proto/portolan/registry/v1/registry.proto", import.meta.url);
  const copy = join(directory, "api/portolan/registry/v1/registry.proto");
  expect(await readFile(copy, "utf8")).toBe(await readFile(source, "utf8"));
});

test("what protos writes imports nothing but itself and google/protobuf, so that plain protoc takes it", async () => {
  const io = new FakeIo();
  await io.run("protos", "--out", directory);
  for (const file of io.stdout.text.trimEnd().split("\n")) {
    const imports = [...(await readFile(file, "utf8")).matchAll(/^import "([^"]+)"/gm)].map((match) => match[1] ?? "");
    const missing = imports.filter(
      (name) => !name.startsWith("google/protobuf/") && !existsSync(join(directory, name)),
    );
    expect(missing).toEqual([]);
  }
});

test("protos into a place that cannot be written fails in one line", async () => {
  await writeFile(join(directory, "file"), "");
  const io = new FakeIo();
  await io.run("protos", "--out", join(directory, "file"));
  expect(io.exitCode).toBe(EXIT.failed);
  expect(io.stderr.text).toMatch(/^portolan: [^\n]+\n$/);
});
