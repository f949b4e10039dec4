import type { ClientReadableStream } from "@grpc/grpc-js";
import { DiscoveryService } from "../../../../gen/portolan/discovery/v1/discovery_pb.js";
import type { Wire } from "../wire.js";
import type { Recording } from "./recording.js";
import type { ResponseReader, Told } from "./told.js";
import { toWatchRequest, toWatchServicesRequest, type Watching } from "./watching.js";

export interface WatchStreamOptions {
  /** For messages. */
  readonly name: string;
  readonly wire: Wire;
  readonly watching: Watching;
  readonly reader: ResponseReader;
  /** 0 starts from nothing. */
  readonly afterRevision: number;
  /** The newest revision that anybody has been told. */
  readonly knownRevision: number;
  readonly onTold?: (told: Told) => void;
  /** It ended, or broke; not called when it is cancelled. */
  readonly onOver?: () => void;
}

/** One Watch call that records what it is told. */
export class WatchStream {
  readonly #options: WatchStreamOptions;
  readonly #stream: ClientReadableStream<Buffer>;
  readonly #responses: Told[] = [];
  readonly #arrivedMs: number[] = [];
  readonly #openedMs = performance.now();
  #over = false;

  constructor(options: WatchStreamOptions) {
    this.#options = options;
    this.#stream = open(options);
    this.#stream.on("data", (bytes: Buffer) => this.#take(bytes));
    this.#stream.on("error", () => this.#end());
    this.#stream.on("end", () => this.#end());
  }

  get over(): boolean {
    return this.#over;
  }

  /** Stops reading, so that HTTP/2's window closes after a while. */
  stall(): void {
    this.#stream.pause();
  }

  readOn(): void {
    this.#stream.resume();
  }

  /** Ends it; what still comes is not recorded. */
  cancel(): void {
    this.#over = true;
    this.#stream.cancel();
    this.#stream.resume();
  }

  /** @param live whether it is open, and the run all told. */
  recording(live: boolean): Recording {
    const { name, watching, afterRevision, knownRevision } = this.#options;
    const told = { openedMs: this.#openedMs, responses: this.#responses, arrivedMs: this.#arrivedMs };
    return { name, watching, afterRevision, knownRevision, ...told, live };
  }

  #take(bytes: Buffer): void {
    if (this.#over) return;
    const told = this.#options.reader.read(bytes);
    this.#responses.push(told);
    this.#arrivedMs.push(performance.now());
    this.#options.onTold?.(told);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onOver?.();
  }
}

function open({ wire, watching, afterRevision }: WatchStreamOptions): ClientReadableStream<Buffer> {
  const { watch, watchServices } = DiscoveryService.method;
  return watching.services
    ? wire.serverStream(watchServices, toWatchServicesRequest(watching, afterRevision))
    : wire.serverStream(watch, toWatchRequest(watching, afterRevision));
}
