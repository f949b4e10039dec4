import { fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { GetInfoResponseSchema } from "../../gen/portolan/admin/v1/admin_pb.js";
import { createEncoder, encodedBy } from "../../src/rpc/grpc/encode.js";

const HEAD_BYTES = 5;

/** The message in a frame, whose length is right. */
function messageIn(frame: Buffer) {
  expect(frame.readUInt8(0)).toBe(0);
  expect(frame.readUInt32BE(1)).toBe(frame.length - HEAD_BYTES);
  return fromBinary(GetInfoResponseSchema, frame.subarray(HEAD_BYTES));
}

test("a message that could not be encoded leaves nothing in the next one", () => {
  const encode = createEncoder(GetInfoResponseSchema);
  const broken = encodedBy({}, (writer) => {
    writer.uint32(8);
    throw new Error("half written");
  });
  expect(() => encode(broken)).toThrow("half written");
  expect(() => encode({ services: -1 })).toThrow();
  expect(messageIn(encode({ version: "1.2.3" })).version).toBe("1.2.3");
});

test("a message that was encoded stays as it was when the next one is", () => {
  const encode = createEncoder(GetInfoResponseSchema);
  const first = encode({ version: "first" });
  encode({ version: "the second, which is longer" });
  expect(messageIn(first).version).toBe("first");
});
