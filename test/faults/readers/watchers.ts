import type { ClientHttp2Stream } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  WatchRequestSchema,
  type WatchResponse,
  WatchResponseSchema,
} from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import { frame, RawGrpc } from "../../support/raw-grpc.js";

const WATCH = "/portolan.discovery.v1.DiscoveryService/Watch";

/** What one watcher knows of a service: the version of each instance, as it was told. */
export class Watcher implements AsyncDisposable {
  /** id -> version. */
  readonly state = new Map<string, string>();
  /** Milliseconds from the commit until it was told, of each change; wall clock of one machine. */
  readonly delays: number[] = [];
  /** The newest revision that it has everything up to. */
  revision = 0n;
  readonly #raw: RawGrpc;
  readonly #stream: ClientHttp2Stream;
  readonly #parts: Buffer[] = [];

  constructor(url: string, service: string) {
    this.#raw = new RawGrpc(url);
    this.#stream = this.#raw.open(WATCH);
    this.#stream.on("data", (bytes: Buffer) => this.#read(bytes));
    this.#stream.end(frame(toBinary(WatchRequestSchema, create(WatchRequestSchema, { targets: [{ service }] }))));
  }

  /** True until its stream or its connection has ended. */
  get open(): boolean {
    return !this.#stream.closed && !this.#raw.socket.destroyed;
  }

  /** Reads no more: the stream's window fills. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#raw.socket.destroy();
    await this.#raw[Symbol.asyncDispose]();
  }

  #read(bytes: Buffer): void {
    this.#parts.push(bytes);
    let all = Buffer.concat(this.#parts);
    while (all.length >= 5 && all.length >= 5 + all.readUInt32BE(1)) {
      const end = 5 + all.readUInt32BE(1);
      this.#take(fromBinary(WatchResponseSchema, all.subarray(5, end)));
      all = all.subarray(end);
    }
    this.#parts.splice(0, this.#parts.length, all);
  }

  #take({ revision, updates, committedAt }: WatchResponse): void {
    for (const { reset, put, removed } of updates) {
      if (reset) this.state.clear();
      for (const { instance } of put) if (instance) this.state.set(instance.id, instance.version);
      for (const id of removed) this.state.delete(id);
    }
    if (revision > 0n) this.revision = revision;
    if (committedAt) this.delays.push(Date.now() - (Number(committedAt.seconds) * 1_000 + committedAt.nanos / 1e6));
  }
}
