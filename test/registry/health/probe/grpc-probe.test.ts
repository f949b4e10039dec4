import type { ServerHttp2Stream } from "node:http2";
import { describe, expect, test } from "vitest";
import { grpc, probe, probing } from "./probing.js";
import { answer, grpcServer, healthAnswer, http2Server, httpServer, selfSigned } from "./servers.js";

const grpcHeaders = { ":status": 200, "content-type": "application/grpc" };
const trailersOnly = (status: string) => ({ ...grpcHeaders, "grpc-status": status });

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

  test("uses one connection again and again", async () => {
    await using server = await http2Server((stream) => answer(stream, healthAnswer(1)));
    const instance = probing(server.port, grpc());
    for (let n = 0; n < 5; n++) expect(await probe(instance)).toBe("passed");
    expect(server.connections).toBe(1);
  });

  test("connects anew after the server said goodbye", async () => {
    let isFirst = true;
    await using server = await http2Server((stream) => {
      answer(stream, healthAnswer(1));
      if (isFirst) stream.session?.goaway();
      isFirst = false;
    });
    const instance = probing(server.port, grpc());
    for (let n = 0; n < 3; n++) expect(await probe(instance)).toBe("passed");
    expect(server.connections).toBe(2);
  });

  test("speaks TLS to an endpoint with TLS, whose certificate it does not ask about", async () => {
    await using server = await http2Server((stream) => answer(stream, healthAnswer(1)), selfSigned());
    expect(await probe(probing(server.port, grpc(), { tls: true }))).toBe("passed");
    expect(await probe(probing(server.port, grpc()))).not.toBe("passed");
  });

  test.each<[string, Buffer, { contentType?: string; status?: string }, string]>([
    ["an answer of another type", healthAnswer(1), { contentType: "text/html" }, "it did not answer as gRPC does"],
    ["an answer that is no message", Buffer.from("hello"), {}, "its answer cannot be read"],
    ["a message that breaks off", Buffer.from([0, 0, 0, 0, 9, 8, 1]), {}, "its answer cannot be read"],
    ["a compressed message", Buffer.from([1, 0, 0, 0, 2, 8, 1]), {}, "its answer cannot be read"],
    ["a message of garbage", Buffer.from([0, 0, 0, 0, 2, 255, 255]), {}, "its answer cannot be read"],
    ["two messages", Buffer.concat([healthAnswer(1), healthAnswer(1)]), {}, "its answer cannot be read"],
    ["no message", Buffer.alloc(0), {}, "its answer cannot be read"],
    ["an empty message", Buffer.alloc(5), {}, "it says UNKNOWN"],
    ["a status of the future", healthAnswer(9), {}, "it says status 9"],
    ["an error", healthAnswer(1), { status: "14" }, "gRPC status 14"],
    ["an error that is none", healthAnswer(1), { status: "\u00ff" }, "gRPC status unknown"],
    ["a large answer", Buffer.alloc(200 * 1024), {}, "its answer is too large"],
  ])("of %s fails", async (_, body, how, reason) => {
    await using server = await http2Server((stream) => answer(stream, body, how));
    expect(await probe(probing(server.port, grpc()))).toBe(reason);
  });

  test("reads no answer without end", async () => {
    await using server = await http2Server((stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      const write = () => {
        while (!stream.destroyed && stream.write(Buffer.alloc(16 * 1024))) {}
      };
      stream.on("drain", write);
      write();
    });
    expect(await probe(probing(server.port, grpc()))).toBe("its answer is too large");
  });

  test.each<[string, (stream: ServerHttp2Stream) => void, string]>([
    [
      "answers with trailers alone",
      (stream) => stream.respond(trailersOnly("0"), { endStream: true }),
      "its answer cannot be read",
    ],
    [
      "refuses with trailers alone",
      (stream) => stream.respond(trailersOnly("12"), { endStream: true }),
      "it has no grpc.health.v1.Health",
    ],
    [
      "answers without trailers",
      (stream) => {
        stream.respond(grpcHeaders);
        stream.end(healthAnswer(1));
      },
      "it did not answer as gRPC does",
    ],
    ["answers 503", (stream) => stream.respond({ ":status": 503 }, { endStream: true }), "HTTP status 503"],
    [
      "hangs up in mid-answer",
      (stream) => {
        stream.respond(grpcHeaders);
        stream.write("x", () => stream.session?.destroy());
      },
      "it did not answer as gRPC does",
    ],
    ["resets the call", (stream) => stream.close(2), "it did not answer as HTTP/2 does"],
    ["begins and stalls", (stream) => stream.respond(grpcHeaders), "no answer within 0.4 s"],
  ])("of a server that %s fails", async (_, onStream, reason) => {
    await using server = await http2Server(onStream);
    expect(await probe(probing(server.port, grpc()))).toBe(reason);
  });

  test("of an HTTP/1.1 server fails", async () => {
    await using server = await httpServer((_, response) => response.end("hello"));
    expect(await probe(probing(server.port, grpc()))).not.toBe("passed");
  });
});
