import type { ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import { create, type DescMethod, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { AdminService } from "../../../gen/portolan/admin/v1/admin_pb.js";
import { DiscoveryService } from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import { TelemetryService } from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { frame, RawGrpc } from "../../support/raw-grpc.js";

/** Every stream that a server sends, with a request that makes it say much. */
export const STREAMS: readonly { readonly method: DescMethod; readonly request: MessageInitShape<never> | object }[] = [
  { method: TelemetryService.method.tailEvents, request: { afterRevision: 1n } },
  { method: TelemetryService.method.tailLogs, request: { query: { service: "churned" }, backlog: 1_000 } },
  { method: TelemetryService.method.watchServiceStatus, request: { service: "churned" } },
  { method: DiscoveryService.method.watchServices, request: {} },
  { method: AdminService.method.backup, request: {} },
];

/** A stream of a connection of its own that nobody reads. */
export class StalledStream implements AsyncDisposable {
  readonly #raw: RawGrpc;
  readonly #stream: ClientHttp2Stream;
  readonly #name: string;
  #status = "";

  constructor(url: string, { method, request }: (typeof STREAMS)[number]) {
    this.#name = method.name;
    this.#raw = new RawGrpc(url);
    this.#stream = this.#raw.open(`/${method.parent.typeName}/${method.name}`);
    this.#stream.on("response", (headers) => this.#note(headers));
    this.#stream.on("trailers", (headers) => this.#note(headers));
    this.#stream.pause();
    this.#stream.end(frame(toBinary(method.input, create(method.input, request as never))));
  }

  get open(): boolean {
    return !this.#stream.closed;
  }

  /** Which it was, and what it was told at the end. */
  get ending(): string {
    return `${this.#name}: status ${this.#status}, reset ${this.#stream.rstCode}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#raw.socket.destroy();
    await this.#raw[Symbol.asyncDispose]();
  }

  #note(headers: IncomingHttpHeaders): void {
    this.#status = String(headers["grpc-status"] ?? this.#status);
  }
}
