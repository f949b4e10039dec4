import type { ServerHttp2Stream } from "node:http2";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { deferred } from "../../../support/deferred.js";
import { grpc, http, probe, probing, tcp } from "./probing.js";
import { answer, healthAnswer, http2Server, httpServer, tcpServer } from "./servers.js";

const answerServing = (stream: ServerHttp2Stream) => answer(stream, healthAnswer(1));

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

  test("tries the other addresses of a name when one refuses", async () => {
    await using server = await tcpServer((socket) => socket.end());
    await probe(probing(server.port, kind, { host: "service.test" }), {
      lookup: async () => ["127.0.0.2", "127.0.0.1"],
    });
    expect(server.connections).toBe(1);
  });

  test("that is given up while its name is resolved is over at once, and connects to nobody", async () => {
    await using server = await tcpServer((socket) => socket.end());
    const resolved = deferred<readonly string[]>();
    const instance = probing(server.port, kind, { host: "service.test" });
    const probed = probe(instance, { lookup: () => resolved.promise });
    instance.giveUp?.();
    expect(await probed).toBe("void");
    resolved.resolve(["127.0.0.1"]);
    await probe(probing(server.port, kind));
    expect(server.connections).toBe(1);
    expect(instance.client).toBeUndefined();
  });

  test("of a name that is resolved too late fails", async () => {
    const lookup = () => new Promise<never>(() => {});
    expect(await probe(probing(1, kind, { host: "slow.test" }), { lookup })).toBe("no answer within 0.4 s");
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

  test("hung up on the connection that was kept is asked again over a new one", async () => {
    const answers = name === "http" ? httpServer((_, response) => response.end()) : http2Server(answerServing);
    await using server = await answers;
    const instance = probing(server.port, kind);
    expect(await probe(instance)).toBe("passed");
    server.cut();
    expect(await probe(instance)).toBe("passed");
    expect(server.connections).toBe(2);
  });
});

test("a TCP probe passes where somebody listens, and leaves", async () => {
  const left: boolean[] = [];
  const server = createServer((socket) => socket.once("close", () => left.push(true)).resume());
  await using listening = await tcpServer((socket) => server.emit("connection", socket));
  expect(await probe(probing(listening.port, tcp))).toBe("passed");
  await expect.poll(() => left).toEqual([true]);
});
