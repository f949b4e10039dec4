import { gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { Inflater } from "../../src/rpc/grpc/inflater.js";

const packed = { bytes: gzipSync(Buffer.alloc(100_000)), compression: "gzip", maxBytes: 200_000 } as const;

test("of many messages only a few are unpacked at once", async () => {
  const inflater = new Inflater();
  let inside = 0;
  let most = 0;
  const unwanted = () => {
    most = Math.max(most, ++inside);
    return false;
  };
  const sizes = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const { length } = await inflater.inflate({ ...packed, unwanted });
      inside--;
      return length;
    }),
  );
  expect(sizes).toEqual(Array(100).fill(100_000));
  expect(most).toBeGreaterThanOrEqual(4);
  expect(most).toBeLessThanOrEqual(8);
});

test("what nobody waits for any more is not unpacked, and the next has its turn", async () => {
  const inflater = new Inflater();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => inflater.inflate({ ...packed, unwanted: () => n % 2 === 0 })),
  );
  expect(outcomes.map((outcome) => outcome.status === "fulfilled")).toEqual(outcomes.map((_, n) => n % 2 === 1));
});

test.each([
  ["what becomes too large", { ...packed, maxBytes: 99_999 }, status.RESOURCE_EXHAUSTED],
  ["damaged bytes", { ...packed, bytes: Buffer.from("nonsense") }, status.INTERNAL],
])("%s is told as grpc-js tells it, and the next is unpacked", async (_, damaged, code) => {
  const inflater = new Inflater();
  await expect(inflater.inflate({ ...damaged, unwanted: () => false })).rejects.toMatchObject({ code });
  expect(await inflater.inflate({ ...packed, unwanted: () => false })).toHaveLength(100_000);
});
