import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** What a hand-written encoder writes. */
export function written(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}
