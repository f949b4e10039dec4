import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { RegisterResponse, UpdateInstanceResponse } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Instance } from "../../model/index.js";
import { writeInstance, writeTimestamp } from "./encode-instance.js";
import { instanceToProto } from "./instance.js";
import { durationToProto } from "./time.js";

const { LengthDelimited, Varint } = WireType;

/** What a write of one instance came to. */
export interface WrittenInstance {
  readonly instance: Instance;
  readonly revision: bigint;
  /** Wall clock, milliseconds; absent without a lease. */
  readonly leaseEndsAtMs?: number | undefined;
  /** Of the lease that was granted; absent where the answer does not tell it. */
  readonly ttlMs?: number;
}

/** What `UpdateInstance` answers. The instance is translated when it is read: most often `writeWritten` is enough. */
export function updatedToProto(answer: WrittenInstance): UpdateInstanceResponse {
  return {
    $typeName: "portolan.registry.v1.UpdateInstanceResponse",
    get instance() {
      return instanceToProto(answer.instance, answer.leaseEndsAtMs);
    },
    revision: answer.revision,
  };
}

/** What `Register` answers, likewise. */
export function registeredToProto(answer: WrittenInstance & { readonly ttlMs: number }): RegisterResponse {
  return {
    $typeName: "portolan.registry.v1.RegisterResponse",
    get instance() {
      return instanceToProto(answer.instance, answer.leaseEndsAtMs);
    },
    revision: answer.revision,
    ttl: durationToProto(answer.ttlMs),
  };
}

/** Writes a RegisterResponse or an UpdateInstanceResponse. A test holds these field numbers to the .proto. */
export function writeWritten(writer: BinaryWriter, answer: WrittenInstance): void {
  writeInstance(writer.tag(1, LengthDelimited).fork(), answer.instance, answer.leaseEndsAtMs);
  writer.join();
  if (answer.revision !== 0n) writer.tag(2, Varint).int64(answer.revision);
  if (answer.ttlMs === undefined) return;
  // A Duration has the fields of a Timestamp.
  writeTimestamp(writer.tag(3, LengthDelimited).fork(), answer.ttlMs);
  writer.join();
}

/** Writes a SessionResponse with `committed`: the answer to each write in a session. */
export function writeCommitted(writer: BinaryWriter, requestId: bigint, revision: bigint): void {
  if (requestId !== 0n) writer.tag(1, Varint).uint64(requestId);
  writer.tag(3, LengthDelimited).fork();
  if (revision !== 0n) writer.tag(1, Varint).int64(revision);
  writer.join();
}
