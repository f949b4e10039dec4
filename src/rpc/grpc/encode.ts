import { create, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";

/**
 * Where a message carries its encoding: its bytes, how to make them, or that they are worth keeping. A symbol, which encoders
 * and `toJson` do not see. Why not a weak map: one over all that is sent would cost the garbage collector more than it saves.
 */
const ENCODING = Symbol("encoding");

/** Writes the fields of a message. */
export type Write = (writer: BinaryWriter) => void;

interface Carrier {
  [ENCODING]?: Buffer | "keep" | Write;
}

/** Says that this message will go out on several streams and never change: it is then encoded once. */
export function shared<T extends Message>(message: T): T {
  const carrier = message as T & Carrier;
  carrier[ENCODING] ??= "keep";
  return message;
}

/**
 * Gives a message that will never change another way to its bytes: one that knows parts which are encoded already, or that
 * is written by hand because it is so common.
 *
 * @param write writes exactly what encoding the message field by field would mean; called once, and only for gRPC.
 */
export function encodedBy<T extends object>(message: T, write: Write): T {
  const carrier = message as T & Carrier;
  carrier[ENCODING] = write;
  return message;
}

/** Makes an encoder of messages that are sent. It has one writer, whose buffer a common message need not allocate anew. */
export function createEncoder(schema: DescMessage): (init: unknown) => Buffer {
  const writer = new BinaryWriter();
  const generated = (init: unknown) => toBinary(schema, create(schema, init as Message));
  const written = (write: Write) => {
    write(writer);
    return writer.finish();
  };
  return (init) => {
    const carrier = init as Carrier;
    const carried = carrier[ENCODING];
    if (carried === undefined) return asBuffer(generated(init));
    if (carried instanceof Buffer) return carried;
    const bytes = asBuffer(typeof carried === "function" ? written(carried) : generated(init));
    carrier[ENCODING] = bytes;
    return bytes;
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
