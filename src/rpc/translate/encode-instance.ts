import { toBinary } from "@bufbuild/protobuf";
import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { HealthCheckSchema, HealthVoiceSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Discovered } from "../../discovery/index.js";
import type { Endpoint, Instance, Locality } from "../../model/index.js";
import { healthToProto, protocolToProto } from "./enums.js";
import { healthCheckToProto } from "./health-check.js";
import { voicesToProto } from "./voices.js";

const { LengthDelimited, Varint } = WireType;

/**
 * Writes the fields of a DiscoveredInstance.
 *
 * By hand and not by the generated schema: this is what every change and every first look at a service costs, and it takes a
 * third of the time. A test holds it to the .proto, field by field.
 */
export function writeDiscovered(writer: BinaryWriter, { instance, priority, effectiveWeight }: Discovered): void {
  writeInstance(writer.tag(1, LengthDelimited).fork(), instance);
  writer.join();
  writeUint(writer, 2, priority);
  writeUint(writer, 3, effectiveWeight);
}

/** Writes a Timestamp's fields. */
export function writeTimestamp(writer: BinaryWriter, ms: number): void {
  const seconds = Math.floor(ms / 1_000);
  if (seconds !== 0) writer.tag(1, Varint).int64(seconds);
  writeUint(writer, 2, Math.round((ms - seconds * 1_000) * 1_000_000));
}

/**
 * Writes the fields of an Instance, by hand for the same reason.
 *
 * @param leaseEndsAtMs wall clock; absent leaves `expires_at` out.
 */
export function writeInstance(writer: BinaryWriter, instance: Instance, leaseEndsAtMs?: number): void {
  writeString(writer, 1, instance.namespace);
  writeString(writer, 2, instance.service);
  writeString(writer, 3, instance.id);
  for (const endpoint of instance.endpoints) writePart(writer, 4, () => writeEndpoint(writer, endpoint));
  const { locality, weight, healthCheck } = instance;
  if (locality) writePart(writer, 5, () => writeLocality(writer, locality));
  if (weight !== undefined) writer.tag(6, Varint).uint32(weight);
  writeString(writer, 7, instance.version);
  for (const key of Object.keys(instance.labels))
    writePart(writer, 8, () => writeLabel(writer, key, instance.labels[key] ?? ""));
  writeUint(writer, 9, healthToProto(instance.reportedHealth));
  if (healthCheck) writer.tag(10, LengthDelimited).bytes(toBinary(HealthCheckSchema, healthCheckToProto(healthCheck)));
  writeOutput(writer, instance, leaseEndsAtMs);
}

function writeOutput(writer: BinaryWriter, instance: Instance, leaseEndsAtMs?: number): void {
  const { holder } = instance;
  writeUint(writer, 20, healthToProto(instance.health));
  writeString(writer, 21, instance.healthReason);
  if (instance.createRevision !== 0n) writer.tag(22, Varint).int64(instance.createRevision);
  if (instance.modRevision !== 0n) writer.tag(23, Varint).int64(instance.modRevision);
  writePart(writer, 24, () => writeTimestamp(writer, instance.registeredAtMs));
  if (holder.kind === "session") writeString(writer, 25, holder.sessionId);
  if (leaseEndsAtMs !== undefined) writePart(writer, 26, () => writeTimestamp(writer, leaseEndsAtMs));
  // A Duration has the fields of a Timestamp.
  if (holder.kind === "lease") writePart(writer, 27, () => writeTimestamp(writer, holder.ttlMs));
  for (const voice of instance.voices ? voicesToProto(instance.voices) : [])
    writer.tag(28, LengthDelimited).bytes(toBinary(HealthVoiceSchema, voice));
  writeUint(writer, 29, instance.slowStartPercent ?? 0);
}

function writeEndpoint(writer: BinaryWriter, endpoint: Endpoint): void {
  writeString(writer, 1, endpoint.name);
  writeString(writer, 2, endpoint.host);
  writeUint(writer, 3, endpoint.port);
  writeUint(writer, 4, protocolToProto(endpoint.protocol));
  if (endpoint.tls) writer.tag(5, Varint).bool(true);
}

function writeLocality(writer: BinaryWriter, locality: Locality): void {
  writeString(writer, 1, locality.region);
  writeString(writer, 2, locality.zone);
  writeString(writer, 3, locality.subZone);
}

function writeLabel(writer: BinaryWriter, key: string, value: string): void {
  writer.tag(1, LengthDelimited).string(key).tag(2, LengthDelimited).string(value);
}

function writePart(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, LengthDelimited).fork();
  write();
  writer.join();
}

function writeString(writer: BinaryWriter, field: number, text: string): void {
  if (text !== "") writer.tag(field, LengthDelimited).string(text);
}

function writeUint(writer: BinaryWriter, field: number, value: number): void {
  if (value !== 0) writer.tag(field, Varint).uint32(value);
}
