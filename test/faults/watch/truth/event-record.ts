import { fromBinary } from "@bufbuild/protobuf";
import type { ClientReadableStream } from "@grpc/grpc-js";
import { TailEventsResponseSchema, TelemetryService } from "../../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { isUnknown, pause, type Wire } from "../wire.js";

/** What the server's own record says of one revision. */
export interface Recorded {
  timeMs: number;
  /** place -> types of its events. */
  readonly places: Map<string, string[]>;
}

/** Reads the server's record of changes as it grows, over crashes, from the first revision on. */
export class EventRecord implements Disposable {
  /** revision -> what the record says. */
  readonly revisions = new Map<number, Recorded>();
  readonly faults: string[] = [];
  #newest: number;
  #stream: ClientReadableStream<Buffer> | undefined;
  readonly #wire: Wire;
  readonly #ending = new AbortController();

  /** @param after the record is read after this revision, which its reader knows without it. */
  constructor(wire: Wire, after: number) {
    this.#wire = wire;
    this.#newest = after;
    void this.#readOn(this.#ending.signal);
  }

  /** The newest revision of which something was read. */
  get newest(): number {
    return this.#newest;
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
    this.#stream?.cancel();
  }

  async #readOn(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      await this.#readOnce();
      await pause(50, end);
    }
  }

  #readOnce(): Promise<void> {
    // A stream can break within the events of one commit: the newest is read again, whole.
    const again = this.#newest;
    const after = this.revisions.has(again) ? again - 1 : again;
    const stream = this.#wire.serverStream(TelemetryService.method.tailEvents, { afterRevision: BigInt(after) });
    this.#stream = stream;
    return new Promise((resolve) => {
      stream.once("data", () => this.revisions.delete(again));
      stream.on("data", (bytes: Buffer) => this.#take(bytes));
      stream.on("error", (error: Error) => {
        if (!isUnknown(error)) this.faults.push(`the record of events ended: ${error.message}`);
        resolve();
      });
      stream.on("end", () => resolve());
    });
  }

  #take(bytes: Buffer): void {
    for (const event of fromBinary(TailEventsResponseSchema, bytes).events) {
      const revision = Number(event.revision);
      if (revision === 0) {
        if (event.type === "events.missed") this.faults.push(event.message);
        continue;
      }
      if (revision < this.#newest) this.faults.push(`the record went back from ${this.#newest} to ${revision}`);
      this.#newest = Math.max(this.#newest, revision);
      const timeMs = Number(event.time?.seconds ?? 0n) * 1000 + (event.time?.nanos ?? 0) / 1e6;
      const recorded = this.revisions.get(revision) ?? { timeMs, places: new Map<string, string[]>() };
      this.revisions.set(revision, recorded);
      const { namespace, service, instanceId } = event;
      const place = instanceId === "" ? `${namespace}/${service}` : `${namespace}/${service}/${instanceId}`;
      recorded.places.set(place, [...(recorded.places.get(place) ?? []), event.type]);
    }
  }
}
