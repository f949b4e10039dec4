import { fromBinary } from "@bufbuild/protobuf";
import { type ServiceUpdate, WatchResponseSchema } from "../../../../gen/portolan/discovery/v1/discovery_pb.js";
import { toldPrint } from "../truth/content.js";

/** An instance as it was told. */
export interface ToldInstance {
  readonly namespace: string;
  readonly service: string;
  readonly id: string;
  readonly modRevision: number;
  /** All that was told of it, as one text. */
  readonly print: string;
}

/** One update of one response. */
export interface ToldUpdate {
  readonly target: number;
  readonly namespace: string;
  readonly service: string;
  readonly exists: boolean;
  readonly reset: boolean;
  readonly put: readonly ToldInstance[];
  readonly removed: readonly string[];
}

/** One response, short: a run keeps millions of them. */
export interface Told {
  /** 0 on a piece. */
  readonly revision: number;
  readonly reset: boolean;
  readonly synced: boolean;
  readonly merged: number;
  /** 0 where it says none. */
  readonly committedAtMs: number;
  readonly updates: readonly ToldUpdate[];
  /** Instances put and removed in it. */
  readonly changes: number;
}

/** Reads responses, each distinct one once: a hundred watches are told much in the same words. */
export class ResponseReader {
  /** bytes as text -> response. */
  readonly #known = new Map<string, Told>();
  readonly #decode: (bytes: Buffer) => Told;

  /** @param decode omitted for responses of Watch. */
  constructor(decode: (bytes: Buffer) => Told = toldInstances) {
    this.#decode = decode;
  }

  read(bytes: Buffer): Told {
    const key = bytes.toString("latin1");
    const known = this.#known.get(key);
    if (known) return known;
    const told = this.#decode(bytes);
    this.#known.set(key, told);
    return told;
  }

  /** Distinct responses. */
  get distinct(): number {
    return this.#known.size;
  }
}

function toldInstances(bytes: Buffer): Told {
  const response = fromBinary(WatchResponseSchema, bytes);
  const { seconds = 0n, nanos = 0 } = response.committedAt ?? {};
  const committedAtMs = Number(seconds) * 1000 + nanos / 1e6;
  return toTold({ ...response, committedAtMs, updates: response.updates.map(toUpdate) });
}

/** A response of either kind, counted. */
export function toTold(
  response: Omit<Told, "revision" | "merged" | "changes"> & { readonly revision: bigint; readonly merged: bigint },
): Told {
  const { reset, synced, committedAtMs, updates } = response;
  const changes = updates.reduce((sum, { put, removed }) => sum + put.length + removed.length, 0);
  const [revision, merged] = [Number(response.revision), Number(response.merged)];
  return { revision, reset, synced, merged, committedAtMs, updates, changes };
}

function toUpdate({ target, namespace, service, exists, reset, put, removed }: ServiceUpdate): ToldUpdate {
  const told = put.map((discovered) => ({
    namespace: discovered.instance?.namespace ?? "",
    service: discovered.instance?.service ?? "",
    id: discovered.instance?.id ?? "",
    modRevision: Number(discovered.instance?.modRevision ?? 0n),
    print: toldPrint(discovered),
  }));
  return { target, namespace, service, exists, reset, put: told, removed };
}
