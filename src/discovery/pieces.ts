import type { Instance, Service } from "../model/index.js";
import type { Discovered, ServiceUpdate } from "./discovery.js";

/** Under the 4 MiB that clients take by default, with room for what is around the updates. */
const MAX_PIECE_BYTES = 3 * 1024 * 1024 - 64 * 1024;
/** Bytes that an instance takes apart from its texts: tags, lengths, numbers, timestamps. More than is ever needed. */
const INSTANCE_OVERHEAD_BYTES = 200;
const FIELD_OVERHEAD_BYTES = 12;
/** Twelve numbers and durations. */
const OUTLIER_DETECTION_BYTES = 160;
/** The most that an instance encodes to, whatever it says and others say of it. */
const MAX_INSTANCE_BYTES = 64 * 1024 + 8 * 1024;
/** The most that a removed id and the names around it take. */
const MAX_REMOVED_BYTES = 132;

/**
 * Cuts updates into pieces of at most 3 MiB each when encoded; most often there is one, and it is the array given.
 *
 * A service that is cut goes on in the next piece with an update of its own, which does not reset.
 */
export function pieces(updates: readonly ServiceUpdate[]): readonly (readonly ServiceUpdate[])[] {
  if (surelySmall(updates)) return [updates];
  const cutter = new Cutter();
  for (const update of updates) cutter.add(update);
  return cutter.finish();
}

/** Without measuring: so few entries that they fit even if each is as large as can be. */
function surelySmall(updates: readonly ServiceUpdate[]): boolean {
  let bytes = 0;
  for (const { put, removed } of updates) {
    bytes += 300 + put.length * MAX_INSTANCE_BYTES + removed.length * MAX_REMOVED_BYTES;
    if (bytes > MAX_PIECE_BYTES) return false;
  }
  return true;
}

class Cutter {
  readonly #pieces: ServiceUpdate[][] = [];
  #piece: ServiceUpdate[] = [];
  #bytes = 0;

  add(update: ServiceUpdate): void {
    let put: Discovered[] = [];
    let removed: string[] = [];
    let reset = update.reset;
    const cut = (): void => {
      this.#piece.push({ ...update, reset, put, removed });
      this.#pieces.push(this.#piece);
      this.#piece = [];
      this.#bytes = 300;
      put = [];
      removed = [];
      reset = false;
    };
    const room = (bytes: number): void => {
      if (this.#bytes + bytes > MAX_PIECE_BYTES) cut();
      this.#bytes += bytes;
    };
    room(300);
    for (const discovered of update.put) {
      room(instanceBytes(discovered.instance));
      put.push(discovered);
    }
    for (const id of update.removed) {
      room(id.length + 4);
      removed.push(id);
    }
    this.#piece.push({ ...update, reset, put, removed });
  }

  finish(): ServiceUpdate[][] {
    return [...this.#pieces, this.#piece];
  }
}

/** At least what the instance encodes to. */
export function instanceBytes(instance: Instance): number {
  let bytes = INSTANCE_OVERHEAD_BYTES + instance.endpoints.length * 24;
  const add = (text: string): void => {
    bytes += Buffer.byteLength(text) + FIELD_OVERHEAD_BYTES;
  };
  for (const text of [instance.namespace, instance.service, instance.id, instance.version, instance.healthReason])
    add(text);
  for (const endpoint of instance.endpoints) {
    add(endpoint.name);
    add(endpoint.host);
  }
  for (const [key, value] of Object.entries(instance.labels)) {
    add(key);
    add(value);
  }
  for (const text of Object.values(instance.locality ?? {})) add(text);
  return bytes + healthCheckBytes(instance) + voicesBytes(instance);
}

function voicesBytes({ voices }: Instance): number {
  if (!voices) return 0;
  const { probed, observed, ordered, held } = voices;
  let bytes = Buffer.byteLength(ordered?.actor ?? "");
  for (const voice of [probed, observed, ordered, held]) if (voice) bytes += 48 + Buffer.byteLength(voice.reason);
  return bytes;
}

function healthCheckBytes({ healthCheck }: Instance): number {
  if (!healthCheck) return 0;
  const { probe } = healthCheck;
  const own = probe.kind === "http" ? Buffer.byteLength(probe.path) + probe.expectedStatuses.length * 3 : 0;
  return 100 + own + (probe.kind === "grpc" ? Buffer.byteLength(probe.service) : 0);
}

/** Cuts a list into runs of at most `maxBytes` together, 3 MiB unless said; none for an empty list. */
export function cutBySize<T>(items: readonly T[], bytesOf: (item: T) => number, maxBytes = MAX_PIECE_BYTES): T[][] {
  const runs: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const size = bytesOf(item);
    bytes += size;
    if (bytes > maxBytes) {
      runs.push([]);
      bytes = size;
    }
    runs.at(-1)?.push(item);
  }
  return runs;
}

/** At least what the service encodes to. */
export function serviceBytes(service: Service): number {
  const { namespace, name, description, owner, grpcServices, labels } = service;
  let bytes = INSTANCE_OVERHEAD_BYTES;
  for (const text of [namespace, name, description, owner, ...grpcServices]) bytes += Buffer.byteLength(text) + 5;
  for (const [key, value] of Object.entries(labels))
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value) + FIELD_OVERHEAD_BYTES;
  if (service.outlierDetection) bytes += OUTLIER_DETECTION_BYTES;
  return bytes;
}
