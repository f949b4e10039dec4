import type { ClientHttp2Stream } from "node:http2";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type Opened,
  RegistryService,
  SessionRequestSchema,
  type SessionResponse,
  SessionResponseSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { frame } from "../../support/raw-grpc.js";
import type { Connection } from "./connection.js";
import { type Ending, refusalOf } from "./ending.js";

const { session } = RegistryService.method;
const PATH = `/${session.parent.typeName}/${session.name}`;
/** Outlasts a run, so that no instance leaves because its session was given up. */
const TTL = { seconds: 3_600n, nanos: 0 };
const FRAME_HEAD_BYTES = 5;

/** What a session is asked: a registration, an update or a removal. */
export type SessionAsk = NonNullable<MessageInitShape<typeof SessionRequestSchema>["request"]>;

/** One stream of a session, asked one request after the other. */
export class SessionStream implements Disposable {
  readonly #stream: ClientHttp2Stream;
  #received = Buffer.alloc(0);
  #requests = 0n;
  #wake = () => {};
  #opened: Opened | undefined;

  private constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    stream.on("error", () => {}); // `close` follows
    stream.on("data", (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#wake();
    });
    stream.on("close", () => this.#wake());
  }

  /** Opens a session, or resumes the one of a token; undefined when that did not succeed. */
  static async open(connection: Connection, resumeToken = ""): Promise<SessionStream | undefined> {
    const stream = connection.stream(PATH);
    if (!stream) return undefined;
    const opening = new SessionStream(stream);
    const response = await opening.#exchange({ case: "open", value: { client: "lincheck", ttl: TTL, resumeToken } });
    if (response?.response.case !== "opened") return undefined;
    opening.#opened = response.response.value;
    return opening;
  }

  get id(): string {
    return this.#opened?.sessionId ?? "";
  }

  get resumeToken(): string {
    return this.#opened?.resumeToken ?? "";
  }

  /** Asks, and answers the revision. */
  async ask(request: SessionAsk): Promise<Ending<bigint>> {
    if (this.#stream.closed) return { kind: "unsent" };
    const response = await this.#exchange(request);
    if (response?.response.case === "committed") return { kind: "answer", message: response.response.value.revision };
    if (response?.response.case === "failed")
      return refusalOf(response.response.value, response.response.value.message);
    return { kind: "silence" };
  }

  /** Breaks the stream; the session goes on. */
  [Symbol.dispose](): void {
    this.#stream.destroy();
  }

  async #exchange(request: SessionAsk): Promise<SessionResponse | undefined> {
    const requestId = ++this.#requests;
    this.#stream.write(frame(toBinary(SessionRequestSchema, create(SessionRequestSchema, { requestId, request }))));
    for (;;) {
      const response = this.#take();
      if (response?.requestId === requestId) return response;
      if (response) continue; // a directive
      if (this.#stream.closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next message, when all of it has come. */
  #take(): SessionResponse | undefined {
    if (this.#received.length < FRAME_HEAD_BYTES) return undefined;
    const end = FRAME_HEAD_BYTES + this.#received.readUInt32BE(1);
    if (this.#received.length < end) return undefined;
    const bytes = this.#received.subarray(FRAME_HEAD_BYTES, end);
    this.#received = this.#received.subarray(end);
    return fromBinary(SessionResponseSchema, bytes);
  }
}
