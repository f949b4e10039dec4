import { gzipSync } from "node:zlib";
import { type DescMethod, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { anyMessage } from "../../rpc/rules/any-message.js";
import { damaged } from "../../support/damaged.js";
import { frame } from "../../support/raw-grpc.js";
import { goodRequest } from "./methods.js";

/** What a client puts on the wire: headers beside the usual ones, and a body. */
export interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Bytes that are a request of the method, almost one, or none at all. */
export function anyBytes(method: DescMethod): fc.Arbitrary<Buffer> {
  const right = fc.oneof(
    fc.constant(toBinary(method.input, goodRequest(method))),
    anyMessage(method.input).map((message) => toBinary(method.input, message)),
  );
  return fc.oneof(right, damaged(right), fc.uint8Array({ maxLength: 64 }), nested).map((bytes) => Buffer.from(bytes));
}

/** Messages within messages, or groups, a thousand deep: what recursion stumbles over. */
const nested = fc.tuple(fc.constantFrom(0x0a, 0x12, 0x0b, 0x13), fc.nat({ max: 5_000 })).map(([tag, depth]) => {
  if ((tag & 7) === 3) return new Uint8Array(depth).fill(tag);
  let bytes = Buffer.alloc(0);
  for (let level = 0; level < Math.min(depth, 300); level++) {
    const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
    bytes = Buffer.concat([Buffer.of(tag, ...length), bytes]);
  }
  return bytes;
});

/** Frames as gRPC has them: right ones, several, none, of a wrong length, compressed or said to be, cut off. */
export function anyFrames(bytes: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const one = fc.tuple(bytes, fc.nat({ max: 9 })).map(([content, how]) => {
    if (how === 0) return frame(content, true);
    if (how === 1) return frame(gzipSync(content), true);
    if (how === 2) return Buffer.concat([frame(content).subarray(0, 5), content.subarray(0, content.length >> 1)]);
    if (how === 3) return Buffer.concat([Buffer.of(2 + (content[0] ?? 0)), frame(content).subarray(1)]);
    if (how === 4) return Buffer.concat([Buffer.of(0, 0xff, 0xff, 0xff, 0xff), content]);
    return frame(content);
  });
  return fc.oneof(
    { arbitrary: one, weight: 5 },
    { arbitrary: fc.array(one, { maxLength: 3 }).map((all) => Buffer.concat(all)), weight: 2 },
    { arbitrary: fc.uint8Array({ maxLength: 12 }).map((raw) => Buffer.from(raw)), weight: 1 },
  );
}

/** Headers that calls have, with values that they should not have. */
export const anyHeaders: fc.Arbitrary<Readonly<Record<string, string>>> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 6 },
  {
    arbitrary: fc
      .record(
        {
          "grpc-timeout": fc.constantFrom("1n", "0S", "99999999H", "999999999S", "-1S", "1", "S", "1x", "５S", ""),
          "grpc-encoding": fc.constantFrom("gzip", "deflate", "identity", "snappy", "", "gzip,gzip"),
          "grpc-accept-encoding": fc.constantFrom("gzip", "zstd", ","),
          "portolan-odd-bin": fc.constantFrom("!!!", "AAA=", ""),
          "user-agent": fc.constantFrom("", "x".repeat(2_000)),
        },
        { requiredKeys: [] },
      )
      .map((headers) =>
        Object.fromEntries(Object.entries(headers).filter(([, value]) => /^[\x20-\x7e]*$/.test(value ?? ""))),
      ),
    weight: 2,
  },
);
