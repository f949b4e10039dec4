import type { ListedService } from "../../discovery/index.js";
import type { Instance } from "../../model/index.js";

/** What the numbers, times and tags of a message take at most, in bytes. */
const FIXED_BYTES = 160;
const ENDPOINT_BYTES = 24;
const ENTRY_BYTES = 10;
const STATUS_BYTES = 3;
const VOICE_BYTES = 48;

/** About how many bytes an instance takes in a page, rather more than less. */
export function instanceWeight(instance: Instance): number {
  const { endpoints, locality, healthCheck, holder } = instance;
  let bytes = FIXED_BYTES + textBytes(instance.namespace, instance.service, instance.id, instance.version);
  bytes += textBytes(instance.healthReason) + labelBytes(instance.labels);
  for (const { name, host } of endpoints) bytes += ENDPOINT_BYTES + textBytes(name, host);
  if (locality) bytes += ENTRY_BYTES + textBytes(locality.region, locality.zone, locality.subZone);
  const { probed, observed, ordered, held } = instance.voices ?? {};
  for (const voice of [probed, observed, ordered, held]) if (voice) bytes += VOICE_BYTES + textBytes(voice.reason);
  if (ordered) bytes += textBytes(ordered.actor);
  if (holder.kind === "session") bytes += textBytes(holder.sessionId);
  if (healthCheck) bytes += FIXED_BYTES + textBytes(healthCheck.endpointName);
  const probe = healthCheck?.probe;
  if (probe?.kind === "grpc") bytes += textBytes(probe.service);
  if (probe?.kind === "http") bytes += textBytes(probe.path) + STATUS_BYTES * probe.expectedStatuses.length;
  return bytes;
}

/** About how many bytes a service takes in a page, rather more than less. */
export function serviceWeight({ service }: ListedService): number {
  const detection = service.outlierDetection ? FIXED_BYTES : 0;
  const own = textBytes(service.namespace, service.name, service.description, service.owner);
  return (
    FIXED_BYTES +
    own +
    detection +
    labelBytes(service.labels) +
    ENTRY_BYTES * service.grpcServices.length +
    textBytes(...service.grpcServices)
  );
}

function labelBytes(labels: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const key in labels) bytes += ENTRY_BYTES + textBytes(key, labels[key] ?? "");
  return bytes;
}

function textBytes(...texts: readonly string[]): number {
  let bytes = 0;
  for (const text of texts) bytes += Buffer.byteLength(text);
  return bytes;
}
