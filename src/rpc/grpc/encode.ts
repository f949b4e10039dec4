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

/** The flag and the length in front of a gRPC message. */
const HEAD_BYTES = 5;
const HEAD = new Uint8Array(HEAD_BYTES);

/**
 * Makes an encoder of messages that are sent: into gRPC's frame, and one that is `shared` always into the same bytes. It has
 * one writer, whose buffer a common message need not allocate anew.
 */
export function createEncoder(schema: DescMessage): (init: unknown) => Buffer {
  const writer = new BinaryWriter();
  const generated = (init: unknown) => {
    const bytes = toBinary(schema, create(schema, init as Message));
    return framed(writer.raw(HEAD).raw(bytes));
  };
  const written = (write: Write) => {
    try {
      write(writer.raw(HEAD));
    } catch (error) {
      writer.finish(); // forgets the half that the next message would begin with
      throw error;
    }
    return framed(writer);
  };
  return (init) => {
    const carrier = init as Carrier;
    const carried = carrier[ENCODING];
    if (carried === undefined) return generated(init);
    if (carried instanceof Buffer) return carried;
    const bytes = typeof carried === "function" ? written(carried) : generated(init);
    carrier[ENCODING] = bytes;
    return bytes;
  };
}

function framed(writer: BinaryWriter): Buffer {
  const bytes = writer.finish();
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  frame.writeUInt32BE(frame.length - HEAD_BYTES, 1);
  return frame;
}
