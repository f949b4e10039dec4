import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import {
  type SessionRequest,
  type SessionResponse,
  SessionResponseSchema,
} from "../../gen/portolan/registry/v1/registry_pb.js";
import { EXIT } from "../../src/cli/index.js";
import { FakeIo } from "./fake-io.js";
import { type Answers, FakePlane } from "./fake-plane.js";

type Response = SessionResponse["response"];

function response(value: Parameters<typeof create<typeof SessionResponseSchema>>[1]): Response {
  return create(SessionResponseSchema, value).response;
}

/** Sessions that open, and answer a registration with `answer`; `told` records what they heard. */
function sessions(answer: Response, told: string[] = []): Answers {
  async function* session(requests: AsyncIterable<SessionRequest>) {
    for await (const { requestId, request } of requests) {
      told.push(String(request.case));
      const opened = response({ response: { case: "opened", value: { sessionId: "s-1", resumeToken: "t" } } });
      yield create(SessionResponseSchema, { requestId, response: request.case === "open" ? opened : answer });
    }
    told.push("half-close");
  }
  return { registry: { session } };
}

const committed = response({ response: { case: "committed", value: { revision: 7n } } });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Runs a script of Node under `register`. */
function runChild(plane: FakePlane, io: FakeIo, script: string, ...more: string[]): Promise<void> {
  const target = ["--server", plane.address, "--service", "shop", "--id", "a1"];
  const endpoint = more.includes("--endpoint") ? [] : ["--endpoint", "127.0.0.1:1"];
  return io.run("register", ...target, ...endpoint, ...more, "--", process.execPath, "-e", script);
}

/** Registered only once the child listens, so that a test knows when its signal handlers are there. */
async function startListening(plane: FakePlane, io: FakeIo, handlers: string) {
  const port = await freePort();
  const script = `${handlers}; require("node:net").createServer().listen(${port}, "127.0.0.1")`;
  const done = runChild(plane, io, script, "--wait-port", "--endpoint", `127.0.0.1:${port}`);
  await io.stderr.until(/registered/);
  return done;
}

test("register ends with its child's exit code, and the instance leaves with it", async () => {
  const told: string[] = [];
  await using plane = await FakePlane.start(sessions(committed, told));
  const io = new FakeIo();
  await runChild(plane, io, "setTimeout(() => process.exit(3), 300)");
  expect([io.exitCode, io.listeners, told]).toEqual([3, 0, ["open", "register", "half-close"]]);
});

test("a child that a signal killed ends with 128 and its number, as in a shell", async () => {
  await using plane = await FakePlane.start(sessions(committed));
  const io = new FakeIo();
  await runChild(plane, io, "process.kill(process.pid, 'SIGKILL')");
  expect(io.exitCode).toBe(137);
});

test("a command that is not there is said so, with the code that shells use", async () => {
  await using plane = await FakePlane.start(sessions(committed));
  const io = new FakeIo();
  await io.run("register", "--server", plane.address, "--service", "a", "--endpoint", "h:1", "--", "./no-such-command");
  expect([io.exitCode, io.stderr.text]).toEqual([
    EXIT.commandNotFound,
    "portolan: cannot start ./no-such-command: ENOENT\n",
  ]);
  expect(io.listeners).toBe(0);
});

test("the child runs although no control plane answers", async () => {
  const gone = await FakePlane.start({});
  await gone[Symbol.asyncDispose]();
  const io = new FakeIo();
  await runChild(gone, io, "setTimeout(() => process.exit(4), 300)");
  expect([io.exitCode, io.stderr.text]).toEqual([4, expect.stringMatching(/no portolan at .*trying again/)]);
});

test("--wait-port registers only when the child's port accepts connections", async () => {
  const told: string[] = [];
  await using plane = await FakePlane.start(sessions(committed, told));
  const io = new FakeIo();
  await runChild(plane, io, "setTimeout(() => {}, 300)", "--wait-port", "--endpoint", `127.0.0.1:${await freePort()}`);
  expect([io.exitCode, told]).toEqual([0, []]);
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s is passed on to the child, which decides what to do",
  async (signal) => {
    await using plane = await FakePlane.start(sessions(committed));
    const io = new FakeIo();
    const done = startListening(plane, io, `process.on('${signal}', () => process.exit(42))`);
    await io.stderr.until(/registered/);
    io.send(signal);
    await done;
    expect(io.exitCode).toBe(42);
  },
);

test("Ctrl-C on a terminal reaches the child once", async () => {
  await using plane = await FakePlane.start(sessions(committed));
  const io = new FakeIo();
  io.stdinIsTTY = true;
  const handlers = "process.on('SIGINT', () => process.exit(9)); process.on('SIGTERM', () => process.exit(42))";
  const done = startListening(plane, io, handlers);
  await io.stderr.until(/registered/);
  io.send("SIGINT");
  io.send("SIGTERM");
  await done;
  expect(io.exitCode).toBe(42);
});

test("whoever is superseded stops its child", async () => {
  const superseded = response({
    response: { case: "directive", value: { directive: { case: "superseded", value: {} } } },
  });
  await using plane = await FakePlane.start(sessions(superseded));
  const io = new FakeIo();
  await runChild(plane, io, "setInterval(() => {}, 1000)");
  expect([io.exitCode, io.stderr.text]).toEqual([EXIT.superseded, expect.stringMatching(/another holder/)]);
});

test("a registration that is refused stops the child and says what is wrong", async () => {
  const refused = response({
    response: { case: "failed", value: { code: Code.InvalidArgument, message: "bad label" } },
  });
  await using plane = await FakePlane.start(sessions(refused));
  const io = new FakeIo();
  await runChild(plane, io, "setInterval(() => {}, 1000)");
  expect([io.exitCode, io.stderr.text]).toEqual([EXIT.usage, "portolan: bad label\n"]);
});
