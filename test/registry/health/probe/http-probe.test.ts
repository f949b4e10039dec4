import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { http, probe, probing } from "./probing.js";
import { httpServer, httpsServer, selfSigned, tcpServer } from "./servers.js";

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

  test("of an answer that breaks off fails", async () => {
    await using server = await httpServer((_, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("half", () => response.destroy());
    });
    expect(await probe(probing(server.port, http()))).toBe("it closed the connection in mid-answer");
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
    await using server = await httpsServer(selfSigned(), (_, response) => response.end());
    expect(await probe(probing(server.port, http(), { tls: true }))).toBe("passed");
    expect(await probe(probing(server.port, http()))).not.toBe("passed");
  });
});
