import type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Endpoint, Holder, Instance, Locality } from "../../model/index.js";
import { HEALTH_CODES, healthOf, PROTOCOL_CODES, protocolOf } from "./codes.js";
import { readHealthCheck, writeHealthCheck } from "./health-check-codec.js";
import { readVoice, VOICE_FIELDS, writeVoices } from "./voices-codec.js";
import {
  type Mutable,
  readEnd,
  readFields,
  readNumber,
  readStringEntry,
  writeInt64,
  writeMessage,
  writePresent,
  writeString,
  writeStringMap,
  writeUint,
} from "./wire.js";

/** Writes the fields of store.proto's Instance. */
export function writeInstance(to: BinaryWriter, instance: Instance): void {
  const { locality, weight, healthCheck, drainMs } = instance;
  writeString(to, 1, instance.namespace);
  writeString(to, 2, instance.service);
  writeString(to, 3, instance.id);
  for (const endpoint of instance.endpoints) writeMessage(to, 4, () => writeEndpoint(to, endpoint));
  if (locality) writeMessage(to, 5, () => writeLocality(to, locality));
  if (weight !== undefined) writePresent(to, 6, weight);
  writeString(to, 7, instance.version);
  writeStringMap(to, 8, instance.labels);
  writeUint(to, 9, HEALTH_CODES[instance.reportedHealth]);
  if (healthCheck) writeMessage(to, 10, () => writeHealthCheck(to, healthCheck));
  writeUint(to, 11, HEALTH_CODES[instance.health]);
  writeString(to, 12, instance.healthReason);
  writeHolder(to, instance.holder);
  if (drainMs !== undefined) writePresent(to, 15, drainMs);
  writeInt64(to, 16, instance.registeredAtMs);
  writeInt64(to, 17, instance.createRevision);
  writeInt64(to, 18, instance.modRevision);
  if (instance.voices) writeVoices(to, instance.voices);
  if (instance.slowStartPercent !== undefined) writeUint(to, 23, instance.slowStartPercent);
}

/** Reads the fields of store.proto's Instance up to `end`. */
export function readInstance(from: BinaryReader, end: number): Instance {
  const endpoints: Endpoint[] = [];
  const labels: Record<string, string> = {};
  const instance: Mutable<Instance> = {
    namespace: "",
    service: "",
    id: "",
    endpoints,
    version: "",
    labels,
    reportedHealth: "serving",
    health: "serving",
    healthReason: "",
    holder: { kind: "none" },
    registeredAtMs: 0,
    createRevision: 0n,
    modRevision: 0n,
  };
  readFields(from, end, (field) => {
    if (field === 4) endpoints.push(readEndpoint(from));
    else if (field === 8) readStringEntry(from, labels);
    else if (VOICE_FIELDS.has(field)) instance.voices = { ...instance.voices, ...readVoice(from, field) };
    else return readScalar(from, field, instance);
    return true;
  });
  return instance;
}

/** The fields of an instance that occur once. One branch a field: the length is the message's. */
function readScalar(from: BinaryReader, field: number, instance: Mutable<Instance>): boolean {
  if (field === 1) instance.namespace = from.string();
  else if (field === 2) instance.service = from.string();
  else if (field === 3) instance.id = from.string();
  else if (field === 5) instance.locality = readLocality(from);
  else if (field === 6) instance.weight = from.uint32();
  else if (field === 7) instance.version = from.string();
  else if (field === 9) instance.reportedHealth = healthOf(from.uint32());
  else if (field === 10) instance.healthCheck = readHealthCheck(from, readEnd(from));
  else if (field === 11) instance.health = healthOf(from.uint32());
  else if (field === 12) instance.healthReason = from.string();
  else if (field === 13) instance.holder = { kind: "session", sessionId: from.string() };
  else if (field === 14) instance.holder = { kind: "lease", ttlMs: from.uint32() };
  else if (field === 15) instance.drainMs = from.uint32();
  else if (field === 16) instance.registeredAtMs = readNumber(from);
  else if (field === 17) instance.createRevision = BigInt(from.int64());
  else if (field === 18) instance.modRevision = BigInt(from.int64());
  else if (field === 23) instance.slowStartPercent = from.uint32();
  else return false;
  return true;
}

function writeHolder(to: BinaryWriter, holder: Holder): void {
  if (holder.kind === "session") to.tag(13, 2).string(holder.sessionId);
  else if (holder.kind === "lease") writePresent(to, 14, holder.ttlMs);
}

function writeEndpoint(to: BinaryWriter, endpoint: Endpoint): void {
  writeString(to, 1, endpoint.name);
  writeString(to, 2, endpoint.host);
  writeUint(to, 3, endpoint.port);
  writeUint(to, 4, PROTOCOL_CODES[endpoint.protocol]);
  if (endpoint.tls) to.tag(5, 0).bool(true);
}

function readEndpoint(from: BinaryReader): Endpoint {
  const endpoint: Mutable<Endpoint> = { name: "", host: "", port: 0, protocol: "unspecified", tls: false };
  readFields(from, readEnd(from), (field) => {
    if (field === 1) endpoint.name = from.string();
    else if (field === 2) endpoint.host = from.string();
    else if (field === 3) endpoint.port = from.uint32();
    else if (field === 4) endpoint.protocol = protocolOf(from.uint32());
    else if (field === 5) endpoint.tls = from.bool();
    else return false;
    return true;
  });
  return endpoint;
}

function writeLocality(to: BinaryWriter, locality: Locality): void {
  writeString(to, 1, locality.region);
  writeString(to, 2, locality.zone);
  writeString(to, 3, locality.subZone);
}

function readLocality(from: BinaryReader): Locality {
  const locality: Mutable<Locality> = { region: "", zone: "", subZone: "" };
  readFields(from, readEnd(from), (field) => {
    if (field === 1) locality.region = from.string();
    else if (field === 2) locality.zone = from.string();
    else if (field === 3) locality.subZone = from.string();
    else return false;
    return true;
  });
  return locality;
}
