import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXIT } from "../../src/cli/index.js";
import { startPlane } from "../support/plane.js";
import { Capture } from "./fake-io.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

let built: string;

// Under dist/, so that the program finds its packages and protos as the real one does.
beforeAll(async () => {
  await mkdir(join(ROOT, "dist"), { recursive: true });
  built = await mkdtemp(join(ROOT, "dist", "test-cli-"));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  // It writes what it can; type errors are the business of `npm run check`.
  await promisify(execFile)(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", built], {
    cwd: ROOT,
  }).catch(() => {});
}, 120_000);

afterAll(() => rm(built, { recursive: true, force: true }));

/** Starts the built program; `ended` resolves with its exit code. */
function portolan(...words: string[]) {
  const child: ChildProcess = spawn(process.execPath, [join(built, "src/main.js"), ...words], {
    env: { PATH: process.env.PATH },
  });
  const stdout = new Capture();
  const stderr = new Capture();
  child.stdout?.pipe(stdout);
  child.stderr?.pipe(stderr);
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  return { child, stdout, stderr, ended };
}

test("the program ends by itself after a command, with its code", async () => {
  await using plane = await startPlane();
  const good = portolan("services", "--server", plane.grpcAddress, "-o", "json");
  expect(await good.ended).toBe(0);
  expect(JSON.parse(good.stdout.text)).toMatchObject({ services: [] });
  const bad = portolan("resolve", "nope", "--server", plane.grpcAddress);
  expect([await bad.ended, bad.stderr.text]).toEqual([EXIT.notFound, "portolan: no such service: nope (at r0)\n"]);
});

test("the program says how to start a control plane when there is none", async () => {
  const { ended, stderr } = portolan("services", "--server", "127.0.0.1:1");
  expect(await ended).toBe(EXIT.unavailable);
  expect(stderr.text).toMatch(/^portolan: no portolan at 127\.0\.0\.1:1: start it with `npm start`.*\n$/);
});

test("the program runs a command registered, and ends with its code", async () => {
  await using plane = await startPlane();
  const script = "process.on('SIGTERM', () => process.exit(5)); setInterval(() => {}, 1000)";
  const target = ["--server", plane.grpcAddress, "--service", "shop", "--id", "a1", "--endpoint", "127.0.0.1:80"];
  const { child, ended, stderr } = portolan("register", ...target, "--", process.execPath, "-e", script);
  await stderr.until(/registered shop\/a1/);
  child.kill("SIGTERM");
  expect(await ended).toBe(5);
  expect((await plane.discovery.resolve({ target: { service: "shop" } })).instances).toEqual([]);
});

test("the program's watch ends with 0 at Ctrl-C, and when its reader goes", async () => {
  await using plane = await startPlane();
  const watch = portolan("watch", "*", "--server", plane.grpcAddress);
  await watch.stdout.until(/synced/);
  watch.child.kill("SIGINT");
  expect(await watch.ended).toBe(0);
  const orphan = portolan("watch", "*", "--server", plane.grpcAddress);
  await orphan.stdout.until(/synced/);
  orphan.child.stdout?.destroy();
  await plane.registry.putService({ service: { name: "shop" } });
  expect(await orphan.ended).toBe(0);
});

test("the program writes the protos from where it was built", async () => {
  const out = join(built, "protos");
  const { ended, stdout } = portolan("protos", "--out", out);
  expect(await ended).toBe(0);
  expect(stdout.text).toContain(join(out, "portolan/registry/v1/registry.proto"));
});
