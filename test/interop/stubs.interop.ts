import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Plane, portolan } from "../support/process/plane.js";
import { run } from "../support/process/program.js";
import { inTools } from "./support/paths.js";

const PYTHON = inTools("python/bin/python");

/** Prints the revision that the plane answers, over stubs found in its directory. */
const CLIENT = `
import sys
import grpc
from portolan.admin.v1 import admin_pb2, admin_pb2_grpc
with grpc.insecure_channel(sys.argv[1]) as channel:
    print(admin_pb2_grpc.AdminServiceStub(channel).GetInfo(admin_pb2.GetInfoRequest(), timeout=10).store)
`;

describe("plain protoc", () => {
  let directory: string;
  let plane: Plane;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "portolan-stubs-"));
    plane = await Plane.start();
  });
  afterAll(async () => {
    await plane[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  test("compiles what `portolan protos` writes, and the stubs talk to the server", async () => {
    const protos = join(directory, "protos");
    const stubs = join(directory, "stubs");
    await mkdir(stubs);
    const written = await run(portolan("protos", "--out", protos));
    expect(written.code, written.output).toBe(0);
    const files = (await readdir(protos, { recursive: true })).filter((name) => name.endsWith(".proto"));
    expect(files).toContain("portolan/registry/v1/registry.proto");
    const flags = ["-I", protos, `--python_out=${stubs}`, `--grpc_python_out=${stubs}`];
    const compiled = await run({ file: PYTHON, args: ["-m", "grpc_tools.protoc", ...flags, ...files] });
    expect(compiled, compiled.output).toMatchObject({ code: 0, output: "" });
    await writeFile(join(stubs, "client.py"), CLIENT);
    const called = await run({ file: PYTHON, args: [join(stubs, "client.py"), plane.grpc] });
    expect(called).toEqual({ code: 0, output: "level" });
  });
});
