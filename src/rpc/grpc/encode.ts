import { create, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";

/** message that several streams are sent -> its bytes, once somebody needed them. */
const encodings = new WeakMap<Message, Buffer | null>();

/**
 * Says that this message will go out on several streams and never change: it is then encoded once.
 *
 * Why only on request: a weak map of all that is sent would cost the garbage collector more than encoding most of it.
 */
export function shared<T extends Message>(message: T): T {
  if (!encodings.has(message)) encodings.set(message, null);
  return message;
}

/** The bytes of a unary answer. */
export function encode(schema: DescMessage, init: unknown): Buffer {
  return asBuffer(toBinary(schema, create(schema, init as Message)));
}

/** The bytes of a stream's message, made once where it is `shared`. */
export function encodeShared(schema: DescMessage, init: unknown): Buffer {
  const known = encodings.get(init as Message);
  if (known) return known;
  const bytes = encode(schema, init);
  if (known === null) encodings.set(init as Message, bytes);
  return bytes;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
