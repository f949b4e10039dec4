import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { HealthCheck } from "../../../../src/model/index.js";
import type { ProbedInstance } from "../../../../src/registry/health/probe/probed-instance.js";
import { grpcServer, httpServer, httpsServer, probe, tcpServer, toProbe } from "./servers.js";

const tcp: HealthCheck["probe"] = { kind: "tcp" };
const http = (path = "/", expectedStatuses: readonly number[] = []): HealthCheck["probe"] => ({
  kind: "http",
  path,
  expectedStatuses,
});
const grpc = (service = ""): HealthCheck["probe"] => ({ kind: "grpc", service });

const kept: ProbedInstance[] = [];
const probing = (...args: Parameters<typeof toProbe>) => {
  const instance = toProbe(...args);
  kept.push(instance);
  return instance;
};
afterEach(() => {
  for (const { client } of kept.splice(0)) client?.probe.close();
});

async function closedPort(): Promise<number> {
  await using server = await tcpServer(() => {});
  return server.port;
}

describe.each([
  ["tcp", tcp],
  ["http", http()],
  ["grpc", grpc()],
])("a %s probe", (_, kind) => {
  test("of a port where nobody listens fails: connection refused", async () => {
    expect(await probe(probing(await closedPort(), kind))).toBe("connection refused");
  });

  test("goes nowhere that it may not go", async () => {
    await using server = await tcpServer(() => {});
    expect(await probe(probing(server.port, kind), { allowed: "private" })).toBe(
      "not probed: 127.0.0.1 is not among --probe-addresses",
    );
    expect(server.connections).toBe(0);
  });

  test("connects to the address that was checked, whatever the name says next", async () => {
    await using server = await tcpServer((socket) => socket.end());
    const names = [["10.255.255.1", "127.0.0.1"], ["10.255.255.1"]];
    const lookup = async () => names.shift() ?? [];
    await probe(probing(server.port, kind, { host: "service.test" }), { lookup });
    expect(server.connections).toBe(1);
  });

  test("of a name that nobody knows fails", async () => {
    const lookup = () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    expect(await probe(probing(1, kind, { host: "no.test" }), { lookup })).toBe("its name is not known");
  });
});

describe.each([
  ["http", http()],
  ["grpc", grpc()],
])("a %s probe of a server that", (name, kind) => {
  test("accepts and says nothing fails in time", async () => {
    await using server = await tcpServer(() => {});
    const began = performance.now();
    expect(await probe(probing(server.port, kind))).toBe("no answer within 0.4 s");
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  test("answers garbage fails", async () => {
    await using server = await tcpServer((socket) => socket.end("\u0000\u0001garbage\r\n\r\n".repeat(100)));
    expect(await probe(probing(server.port, kind))).not.toBe("passed");
  });

  test("hangs up fails", async () => {
    await using server = await tcpServer((socket) => socket.destroy());
    expect(await probe(probing(server.port, kind))).not.toBe("passed");
  });

  test(`hung up on the connection that was kept is asked again over a new one: ${name}`, async () => {
    await using web = await httpServer((_, response) => response.end());
    await using rpc = await grpcServer({ "": "SERVING" });
    const instance = probing(name === "http" ? web.port : rpc.port, kind);
    expect(await probe(instance)).toBe("passed");
    web.cut();
    expect(await probe(instance)).toBe("passed");
  });
});

describe("an HTTP probe", () => {
  test.each([
    [200, [], "passed"],
    [204, [], "passed"],
    [302, [], "status 302"],
    [503, [], "status 503"],
    [404, [404], "passed"],
    [200, [404], "status 200"],
  ])("takes status %d where %j are expected: %s", async (status, expected, outcome) => {
    await using server = await httpServer((_, response) =>
      response.writeHead(status, { location: "/elsewhere" }).end(),
    );
    expect(await probe(probing(server.port, http("/", expected)))).toBe(outcome);
    expect(server.connections).toBe(1);
  });

  test("asks for the path, says who asks, and sends nothing secret", async () => {
    const asked: unknown[] = [];
    await using server = await httpServer((request, response) => {
      asked.push(request.method, request.url, Object.keys(request.headers).sort());
      response.end();
    });
    await probe(probing(server.port, http("/healthz?deep=1")));
    expect(asked).toEqual(["GET", "/healthz?deep=1", ["connection", "host", "user-agent"]]);
  });

  test("uses one connection again and again", async () => {
    await using server = await httpServer((_, response) => response.end("ok"));
    const instance = probing(server.port, http());
    for (let n = 0; n < 5; n++) expect(await probe(instance)).toBe("passed");
    expect(server.connections).toBe(1);
  });

  test("reads no body to its end that is too long", async () => {
    await using server = await httpServer((_, response) => {
      const write = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) {}
      };
      response.on("drain", write).on("error", () => {});
      write();
    });
    expect(await probe(probing(server.port, http()))).toBe("passed");
  });

  test("of a server that answers late fails", async () => {
    await using server = await httpServer((_, response) => void sleep(900).then(() => response.end()));
    expect(await probe(probing(server.port, http()))).toBe("no answer within 0.4 s");
  });

  test("of headers without end fails", async () => {
    await using server = await tcpServer((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      for (let n = 0; n < 2_000; n++) socket.write(`x-${n}: ${"y".repeat(100)}\r\n`);
    });
    expect(await probe(probing(server.port, http()))).not.toBe("passed");
  });

  test("speaks TLS to an endpoint with TLS, whose certificate it does not ask about", async () => {
    const folder = mkdtempSync(join(tmpdir(), "portolan-tls-"));
    try {
      const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
      const subject = ["-subj", "/CN=probed.test", "-days", "1", "-nodes"];
      execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-keyout", key, "-out", cert, ...subject], {
        stdio: "ignore",
      });
      const pem = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
      await using server = await httpsServer(pem, (_, response) => response.end());
      expect(await probe(probing(server.port, http(), { tls: true }))).toBe("passed");
      expect(await probe(probing(server.port, http()))).not.toBe("passed");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a gRPC probe", () => {
  test.each([
    ["", "passed"],
    ["shop.v1.Cart", "it says NOT_SERVING"],
    ["no.such.Service", "it knows no service of that name"],
  ])("asks about %j: %s", async (service, outcome) => {
    await using server = await grpcServer({ "": "SERVING", "shop.v1.Cart": "NOT_SERVING" });
    expect(await probe(probing(server.port, grpc(service)))).toBe(outcome);
  });

  test("follows what the server says, over the connection that it keeps", async () => {
    await using server = await grpcServer({ "": "SERVING" });
    const instance = probing(server.port, grpc());
    expect(await probe(instance)).toBe("passed");
    server.set("", "NOT_SERVING");
    expect(await probe(instance)).toBe("it says NOT_SERVING");
    server.set("", "SERVING");
    expect(await probe(instance)).toBe("passed");
  });

  test("of a server without health says so", async () => {
    await using server = await grpcServer(undefined);
    expect(await probe(probing(server.port, grpc()))).toBe("it has no grpc.health.v1.Health");
  });

  test("of an HTTP/1.1 server fails", async () => {
    await using server = await httpServer((_, response) => response.end("hello"));
    expect(await probe(probing(server.port, grpc()))).not.toBe("passed");
  });
});

test("a TCP probe passes where somebody listens, and leaves", async () => {
  const left: boolean[] = [];
  const server = createServer((socket) => socket.once("close", () => left.push(true)).resume());
  await using listening = await tcpServer((socket) => server.emit("connection", socket));
  expect(await probe(probing(listening.port, tcp))).toBe("passed");
  await expect.poll(() => left).toEqual([true]);
});
