import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AdminService } from "../../gen/portolan/admin/v1/admin_pb.js";
import { RegistryService } from "../../gen/portolan/registry/v1/registry_pb.js";
import { SETTINGS, type Setting } from "../../src/config.js";
import { type Built, buildProgram, type Running } from "../support/built.js";
import { startDirectory } from "../support/directory.js";

let built: Built;

beforeAll(async () => {
  built = await buildProgram();
}, 120_000);

afterAll(() => built[Symbol.asyncDispose]());

const FREE = ["--grpc-address", "127.0.0.1:0", "--http-address", "127.0.0.1:0"];

/** Starts serving and waits until it is ready; answers where. */
async function serve(dataDir: string, ...flags: string[]): Promise<Running & { readonly grpcUrl: string }> {
  const running = built.run(["serve", ...FREE, "--data-dir", dataDir, ...flags]);
  const [, address] = await running.said(/"grpc":"([^"]+)".*"msg":"serving"/);
  return Object.assign(running, { grpcUrl: `http://${address}` });
}

function registryAt(grpcUrl: string) {
  return createClient(RegistryService, createGrpcTransport({ baseUrl: grpcUrl }));
}

describe("portolan serve", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("ends with 0 at %s", async (signal) => {
    await using directory = await startDirectory();
    const running = await serve(directory.path);
    running.kill(signal);
    expect(await running.ended).toBe(0);
    expect(running.stdout).toMatch(/"msg":"stopped"/);
  });

  test("ends with 0 when it is told to stop while it starts", async () => {
    await using directory = await startDirectory();
    const running = built.run(["serve", ...FREE, "--data-dir", directory.path]);
    await running.said(/"msg":"the store is open"/);
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });

  test("ends at once at a second signal", async () => {
    await using directory = await startDirectory();
    const running = await serve(directory.path, "--shutdown-announce", "1m", "--shutdown-grace", "1m");
    const stop = new AbortController();
    async function* requests() {
      yield { requestId: 1n, request: { case: "open" as const, value: {} } };
      await once(stop.signal, "abort");
    }
    const session = (async () => {
      for await (const { response } of registryAt(running.grpcUrl).session(requests())) {
        if (response.case === "opened") running.kill("SIGTERM");
        if (response.case === "directive") running.kill("SIGTERM");
      }
    })();
    await session.catch(() => {});
    stop.abort();
    expect(await running.ended).toBe(1);
  });

  test("says in one line that its port is taken", async () => {
    await using directory = await startDirectory();
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" ? address?.port : 0;
    const flags = [
      "serve",
      "--data-dir",
      directory.path,
      "--http-address",
      "off",
      "--grpc-address",
      `127.0.0.1:${port}`,
    ];
    const running = built.run(flags);
    expect(await running.ended).toBe(1);
    expect(running.stderr).toBe(
      `portolan: cannot listen on 127.0.0.1:${port}, because another program listens there: choose another with --grpc-address\n`,
    );
    other.close();
  });

  test("says in one line that another process has its store", async () => {
    await using directory = await startDirectory();
    const first = await serve(directory.path);
    const second = built.run(["serve", ...FREE, "--data-dir", directory.path]);
    expect(await second.ended).toBe(1);
    expect(second.stderr).toMatch(/^portolan: [^\n]*in use[^\n]*\n$/);
    first.kill("SIGTERM");
    expect(await first.ended).toBe(0);
  });

  test("names every wrong setting and ends with 2", async () => {
    const running = built.run(["serve", "--store", "etcd://x", "--max-sessions", "0"], { env: { PORTOLAN_NOPE: "1" } });
    expect(await running.ended).toBe(2);
    expect(running.stderr.trimEnd().split("\n")).toEqual([
      "portolan: PORTOLAN_NOPE is no setting",
      "portolan: --store names etcd, which is not built yet: use level or memory",
      "portolan: --max-sessions must be a whole number from 1 to 10,000,000",
    ]);
  });

  test("refuses an unknown flag with a suggestion and 2", async () => {
    const running = built.run(["serve", "--grpc-addres", "x"]);
    expect(await running.ended).toBe(2);
    expect(running.stderr).toContain("--grpc-address");
  });

  test("reads a file of settings", async () => {
    await using directory = await startDirectory();
    const file = join(directory.path, "portolan.yaml");
    await writeFile(file, "store: memory\nhttp-address: off\ngrpc-address: 127.0.0.1:0\n");
    const running = built.run(["serve", "--config", file]);
    const [, address] = await running.said(/"grpc":"([^"]+)".*"msg":"serving"/);
    const admin = createClient(AdminService, createGrpcTransport({ baseUrl: `http://${address}` }));
    expect((await admin.getInfo({})).store).toBe("memory");
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });

  test("listens on IPv6", async () => {
    await using directory = await startDirectory();
    const running = built.run([
      "serve",
      "--data-dir",
      directory.path,
      "--grpc-address",
      "[::1]:0",
      "--http-address",
      "[::1]:0",
    ]);
    const [, grpc] = await running.said(/"grpc":"(\[::1\]:\d+)","http":"\[::1\]:\d+"/);
    const admin = createClient(AdminService, createGrpcTransport({ baseUrl: `http://${grpc}` }));
    expect((await admin.getInfo({})).members).toMatchObject([{ address: grpc }]);
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });

  test("--help names every setting, its default, its range and its variable", async () => {
    const running = built.run(["serve", "--help"]);
    expect(await running.ended).toBe(0);
    const text = running.stdout.replace(/\s+/g, " ");
    for (const { name, default: byDefault, kind } of Object.values<Setting>(SETTINGS)) {
      expect(text).toContain(`--${name} `);
      expect(text).toContain(`${kind.range}; default ${byDefault};`);
    }
  });
});

describe("portolan restore", () => {
  test("makes a store of a backup, which serves what was backed up", async () => {
    await using directory = await startDirectory();
    const first = await serve(join(directory.path, "one"));
    await registryAt(first.grpcUrl).putService({ service: { name: "checkout" } });
    const backup = join(directory.path, "backup");
    const chunks: Uint8Array[] = [];
    const admin = createClient(AdminService, createGrpcTransport({ baseUrl: first.grpcUrl }));
    for await (const { chunk } of admin.backup({})) chunks.push(chunk);
    await writeFile(backup, Buffer.concat(chunks));
    first.kill("SIGTERM");
    expect(await first.ended).toBe(0);

    const dataDir = join(directory.path, "two");
    const restoring = built.run(["restore", backup, "--data-dir", dataDir]);
    expect(await restoring.ended).toBe(0);
    expect(restoring.stdout).toBe(`restored revision 1 (1 service, 0 instances, 0 sessions) into ${dataDir}\n`);
    const second = await serve(dataDir);
    expect((await registryAt(second.grpcUrl).getService({ name: "checkout" })).service?.name).toBe("checkout");
    second.kill("SIGTERM");
    expect(await second.ended).toBe(0);
  });

  test.each([
    ["a file that is no backup", "README.md", /^portolan: this is no portolan backup[^\n]+\n$/],
    [
      "a file that is not there",
      "nowhere",
      /^portolan: the backup \S+nowhere cannot be read, because there is no such file\n$/,
    ],
  ])("refuses %s in one line", async (_, name, line) => {
    await using directory = await startDirectory();
    await writeFile(join(directory.path, "README.md"), "hello");
    const running = built.run(["restore", join(directory.path, name), "--data-dir", join(directory.path, "data")]);
    expect(await running.ended).toBe(1);
    expect(running.stderr).toMatch(line);
  });
});
