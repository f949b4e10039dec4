import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { TallySchema } from "../../../gen/portolan/store/v1/store_pb.js";
import type { Tally } from "../level/tally.js";

/** A tally as store.proto's Tally. */
export function encodeTally(tally: Tally): Uint8Array {
  const { revision, committedAtMs, batch, services, instances, sessions, revisionSum, sessionSum } = tally;
  return toBinary(
    TallySchema,
    create(TallySchema, {
      revision,
      committedAtMs: BigInt(committedAtMs),
      batch,
      services: BigInt(services),
      instances: BigInt(instances),
      sessions: BigInt(sessions),
      revisionSum,
      sessionSum,
    }),
  );
}

/** The tally that these bytes are. @throws Error when they are none. */
export function decodeTally(bytes: Uint8Array): Tally {
  const { revision, committedAtMs, batch, services, instances, sessions, revisionSum, sessionSum } = fromBinary(
    TallySchema,
    bytes,
  );
  return {
    revision,
    committedAtMs: Number(committedAtMs),
    batch,
    services: Number(services),
    instances: Number(instances),
    sessions: Number(sessions),
    revisionSum,
    sessionSum,
  };
}
