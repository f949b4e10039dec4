import { fromBinary } from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { SessionSchema } from "../../../gen/portolan/store/v1/store_pb.js";
import type { SessionRecord } from "../../model/index.js";
import { writeEncoded, writeInt64, writeString, writeUint } from "./wire.js";

/**
 * A session record as store.proto's Session.
 *
 * Why by hand and not by the generated schema: a session that loses ten thousand instances is written anew with each batch that
 * takes some of them. A test holds both together.
 */
export function encodeSession(session: SessionRecord): Uint8Array {
  const { id, client, ttlMs, tokenHash, openedAtMs, fenced } = session;
  const to = new BinaryWriter();
  writeString(to, 1, id);
  writeString(to, 2, client);
  writeUint(to, 3, ttlMs);
  if (tokenHash.length > 0) writeEncoded(to, 4, tokenHash);
  writeInt64(to, 5, openedAtMs);
  for (const ref of fenced) {
    to.tag(6, 2).fork();
    writeString(to, 1, ref.namespace);
    writeString(to, 2, ref.service);
    writeString(to, 3, ref.id);
    to.join();
  }
  return to.finish();
}

/** The session record that these bytes are. @throws Error when they are none. */
export function decodeSession(bytes: Uint8Array): SessionRecord {
  const { id, client, ttlMs, tokenHash, openedAtMs, fenced } = fromBinary(SessionSchema, bytes);
  const refs = fenced.map(({ namespace, service, id: instance }) => ({ namespace, service, id: instance }));
  // A copy: what was read is a window on a larger buffer.
  return { id, client, ttlMs, tokenHash: Uint8Array.from(tokenHash), openedAtMs: Number(openedAtMs), fenced: refs };
}
