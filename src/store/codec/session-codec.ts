import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { SessionSchema } from "../../../gen/portolan/store/v1/store_pb.js";
import type { SessionRecord } from "../../model/index.js";

/** A session record as store.proto's Session. */
export function encodeSession(session: SessionRecord): Uint8Array {
  const { id, client, ttlMs, tokenHash, openedAtMs, fenced } = session;
  const copy = Uint8Array.from(tokenHash);
  return toBinary(
    SessionSchema,
    create(SessionSchema, { id, client, ttlMs, tokenHash: copy, openedAtMs: BigInt(openedAtMs), fenced: [...fenced] }),
  );
}

/** The session record that these bytes are. @throws Error when they are none. */
export function decodeSession(bytes: Uint8Array): SessionRecord {
  const { id, client, ttlMs, tokenHash, openedAtMs, fenced } = fromBinary(SessionSchema, bytes);
  const refs = fenced.map(({ namespace, service, id: instance }) => ({ namespace, service, id: instance }));
  // A copy: what was read is a window on a larger buffer.
  return { id, client, ttlMs, tokenHash: Uint8Array.from(tokenHash), openedAtMs: Number(openedAtMs), fenced: refs };
}
