import { once } from "node:events";
import { create } from "@bufbuild/protobuf";
import { Code, type HandlerContext } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { WatchResponseSchema } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import { callerOf, shared } from "../../src/rpc/index.js";
import { caught, reasonOf } from "../support/caught.js";
import { deferred } from "../support/deferred.js";
import { startEdge } from "../support/edge.js";
import { frame, RawGrpc, statusOf } from "../support/raw-grpc.js";

const GET_SERVICE = "/portolan.registry.v1.RegistryService/GetService";
const WATCH = "/portolan.discovery.v1.DiscoveryService/Watch";

describe("a unary call", () => {
  test("is answered by its handler", async () => {
    await using edge = await startEdge({ unary: (request) => ({ service: { name: request.name }, revision: 7n }) });
    const answer = await edge.registry.getService({ name: "checkout" });
    expect(answer.service?.name).toBe("checkout");
    expect(answer.revision).toBe(7n);
  });

  test("tells its handler who calls, with which headers, and how much time there is", async () => {
    const seen = deferred<HandlerContext>();
    await using edge = await startEdge({
      unary: (_, context) => {
        seen.resolve(context);
        context.responseHeader.set("x-answer", "head");
        context.responseTrailer.set("x-answer-end", "tail");
        return { revision: BigInt(Math.round(context.timeoutMs() ?? 0)) };
      },
    });
    let header: Headers | undefined;
    let trailer: Headers | undefined;
    const answer = await edge.registry.getService(
      {},
      {
        headers: { "x-ask": "me" },
        timeoutMs: 5_000,
        onHeader: (headers) => {
          header = headers;
        },
        onTrailer: (trailers) => {
          trailer = trailers;
        },
      },
    );
    const context = await seen.promise;
    expect(callerOf(context)).toEqual({ actor: "anonymous", address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    expect(context.requestHeader.get("x-ask")).toBe("me");
    expect(context.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/portolan\.registry\.v1\.RegistryService\/GetService$/);
    expect(Number(answer.revision)).toBeGreaterThan(1_000);
    expect(Number(answer.revision)).toBeLessThanOrEqual(5_000);
    expect(header?.get("x-answer")).toBe("head");
    expect(trailer?.get("x-answer-end")).toBe("tail");
  });

  test("whose deadline is further away than timers reach has none", async () => {
    const timeouts: (number | undefined)[] = [];
    await using edge = await startEdge({
      unary: (_, { timeoutMs }) => {
        timeouts.push(timeoutMs());
        return {};
      },
    });
    for (const timeout of ["720H", "2147484S", "99999999H"])
      await edge.registry.getService({}, { headers: { "grpc-timeout": timeout } });
    expect(timeouts).toEqual([undefined, undefined, undefined]);
  });

  test("without a deadline has no timeout", async () => {
    await using edge = await startEdge({
      unary: (_, context) => ({ revision: context.timeoutMs() === undefined ? 1n : 0n }),
    });
    expect((await edge.registry.getService({})).revision).toBe(1n);
  });

  test("that its client cancels aborts the handler's signal", async () => {
    const entered = deferred();
    const aborted = deferred<unknown>();
    await using edge = await startEdge({
      unary: async (_, { signal }) => {
        entered.resolve();
        await once(signal, "abort");
        aborted.resolve(signal.reason);
        return {};
      },
    });
    const stop = new AbortController();
    const call = caught(edge.registry.getService({}, { signal: stop.signal }));
    await entered.promise;
    stop.abort();
    expect((await call).code).toBe(Code.Canceled);
    expect(await aborted.promise).toMatchObject({ fault: { reason: "CANCELLED" } });
  });

  test("whose deadline passes ends with DEADLINE_EXCEEDED and aborts the handler's signal with it", async () => {
    const aborted = deferred<unknown>();
    await using edge = await startEdge({
      unary: async (_, { signal }) => {
        signal.addEventListener("abort", () => aborted.resolve(signal.reason));
        await aborted.promise;
        return {};
      },
    });
    await using raw = new RawGrpc(edge.baseUrl);
    const call = raw.open(GET_SERVICE, { "grpc-timeout": "30m" });
    call.end(frame(new Uint8Array()));
    expect(await statusOf(call)).toMatchObject({ code: Code.DeadlineExceeded, reason: "DEADLINE_EXCEEDED" });
    expect(await aborted.promise).toMatchObject({ fault: { reason: "DEADLINE_EXCEEDED" } });
  });

  test("has a signal that is aborted once it is over, also for a handler that asks late", async () => {
    const seen = deferred<HandlerContext>();
    await using edge = await startEdge({
      unary: (_, context) => {
        seen.resolve(context);
        return {};
      },
    });
    await edge.registry.getService({});
    await edge.calls.empty();
    expect((await seen.promise).signal.aborted).toBe(true);
  });
});

describe("a server stream", () => {
  test("delivers what its handler yields, in order, then ends", async () => {
    await using edge = await startEdge({
      async *serverStream() {
        for (let revision = 1n; revision <= 100n; revision++) yield { revision };
      },
    });
    const revisions: bigint[] = [];
    for await (const { revision } of edge.discovery.watch({})) revisions.push(revision);
    expect(revisions).toEqual(Array.from({ length: 100 }, (_, i) => BigInt(i + 1)));
  });

  test("pulls no further while its client does not read", async () => {
    let pulled = 0;
    const filler = create(WatchResponseSchema, { updates: [{ service: "x".repeat(16_384) }] });
    await using edge = await startEdge({
      async *serverStream() {
        for (; pulled < 10_000; pulled++) yield filler;
      },
    });
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = raw.open(WATCH);
    stream.end(frame(new Uint8Array()));
    await once(stream, "response");
    await pinged(raw);
    expect(pulled).toBeLessThan(100);
    stream.close();
  });

  test("lets its handler's iterator go when the client leaves, although it waits for news", async () => {
    const left = deferred();
    await using edge = await startEdge({
      async *serverStream(_, { signal }) {
        try {
          yield { revision: 1n };
          await once(signal, "abort");
        } finally {
          left.resolve();
        }
      },
    });
    const stop = new AbortController();
    const call = caught(firstOf(edge.discovery.watch({}, { signal: stop.signal }), () => stop.abort()));
    await left.promise;
    expect((await call).code).toBe(Code.Canceled);
    await edge.calls.empty();
  });

  test("lets go of an iterator that ignores the signal", async () => {
    const returned = deferred();
    await using edge = await startEdge({
      serverStream: () => ({
        [Symbol.asyncIterator]: () => {
          let count = 0;
          return {
            next: () =>
              count++ === 0 ? Promise.resolve({ done: false, value: { revision: 1n } }) : new Promise(() => {}),
            return: () => {
              returned.resolve();
              return Promise.resolve({ done: true, value: undefined });
            },
          };
        },
      }),
    });
    const stop = new AbortController();
    const call = caught(firstOf(edge.discovery.watch({}, { signal: stop.signal }), () => stop.abort()));
    await returned.promise;
    await call;
  });

  test("that fails midway delivers what came before and then the error", async () => {
    await using edge = await startEdge({
      async *serverStream() {
        yield { revision: 1n };
        throw new Error("a secret about the database");
      },
    });
    const seen: bigint[] = [];
    const error = await caught(
      (async () => {
        for await (const { revision } of edge.discovery.watch({})) seen.push(revision);
      })(),
    );
    expect(seen).toEqual([1n]);
    expect(error.code).toBe(Code.Internal);
    expect(reasonOf(error)).toBe("INTERNAL");
    expect(error.message).not.toContain("secret");
    expect(edge.logged.join("")).toContain("a secret about the database");
  });

  test("encodes a shared message once for all its readers", async () => {
    let encoded = 0;
    const message = create(WatchResponseSchema, { revision: 3n });
    Object.defineProperty(message, "synced", {
      enumerable: true,
      get: () => {
        encoded++;
        return true;
      },
    });
    await using edge = await startEdge({
      async *serverStream() {
        yield shared(message);
      },
    });
    await read(edge.discovery.watch({}));
    const once = encoded;
    expect(once).toBeGreaterThan(0);
    for (let reader = 0; reader < 5; reader++) {
      expect(await read(edge.discovery.watch({}))).toMatchObject([{ revision: 3n, synced: true }]);
    }
    expect(encoded).toBe(once);
  });
});

describe("a client stream", () => {
  test("hands every message to its handler and answers once", async () => {
    await using edge = await startEdge({
      clientStream: async (requests) => {
        let accepted = 0n;
        for await (const _ of requests) accepted++;
        return { accepted };
      },
    });
    async function* reports() {
      for (let i = 0; i < 50; i++) yield {};
    }
    expect((await edge.telemetry.reportCalls(reports())).accepted).toBe(50n);
  });

  test("may be answered before the client has sent all", async () => {
    await using edge = await startEdge({ clientStream: async () => ({ accepted: 1n }) });
    const hold = deferred();
    async function* reports() {
      yield {};
      await hold.promise;
    }
    expect((await edge.telemetry.reportCalls(reports())).accepted).toBe(1n);
    hold.resolve();
  });

  test("slows its client down to the pace of its handler", async () => {
    const go = deferred();
    const read = deferred();
    await using edge = await startEdge({
      clientStream: async (requests) => {
        const iterator = requests[Symbol.asyncIterator]();
        await iterator.next();
        read.resolve();
        await go.promise;
        let accepted = 1n;
        while (!(await iterator.next()).done) accepted++;
        return { accepted };
      },
    });
    await using raw = new RawGrpc(edge.baseUrl);
    const stream = raw.open("/portolan.telemetry.v1.TelemetryService/ReportCalls");
    const big = frame(Buffer.concat([Buffer.from([0x7a, 0xff, 0xff, 0x03]), Buffer.alloc(65_535)])); // an unknown field
    for (let i = 0; i < 100; i++) stream.write(big);
    await read.promise;
    await pinged(raw);
    expect(stream.writableLength).toBeGreaterThan(3_000_000);
    go.resolve();
    stream.end();
    stream.resume();
    await once(stream, "trailers");
  });
});

/** Calls `then` at the first message, and reads on. */
async function firstOf(stream: AsyncIterable<unknown>, then: () => void): Promise<void> {
  for await (const _ of stream) then();
}

async function read<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

/** Everything that was under way when it was called has arrived when it resolves. */
async function pinged(raw: RawGrpc): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await new Promise<void>((resolve, reject) => raw.session.ping((error) => (error ? reject(error) : resolve())));
  }
}
