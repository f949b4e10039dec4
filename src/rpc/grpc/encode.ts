import { create, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";

/**
 * Where a message carries its encoding: its bytes, how to make them, or that they are worth keeping. A symbol, which encoders
 * and `toJson` do not see. Why not a weak map: one over all that is sent would cost the garbage collector more than it saves.
 */
const ENCODING = Symbol("encoding");

interface Carrier {
  [ENCODING]?: Buffer | "keep" | (() => Uint8Array);
}

/** Says that this message will go out on several streams and never change: it is then encoded once. */
export function shared<T extends Message>(message: T): T {
  const carrier = message as T & Carrier;
  carrier[ENCODING] ??= "keep";
  return message;
}

/**
 * Gives a message that will never change another way to its bytes: one that knows parts which are encoded already.
 *
 * @param encode answers exactly what encoding the message field by field would mean; called once, and only for gRPC.
 */
export function encodedBy<T extends Message>(message: T, encode: () => Uint8Array): T {
  const carrier = message as T & Carrier;
  carrier[ENCODING] = encode;
  return message;
}

/** The bytes of a message that is sent. */
export function encode(schema: DescMessage, init: unknown): Buffer {
  const carrier = init as Carrier;
  const carried = carrier[ENCODING];
  if (carried === undefined) return asBuffer(toBinary(schema, create(schema, init as Message)));
  if (carried instanceof Buffer) return carried;
  const bytes = asBuffer(typeof carried === "function" ? carried() : toBinary(schema, create(schema, init as Message)));
  carrier[ENCODING] = bytes;
  return bytes;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
