import { once } from "node:events";
import type { ClientHttp2Stream } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { SessionRequestSchema, SessionResponseSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { frame, RawGrpc } from "../../support/raw-grpc.js";

const SESSION = "/portolan.registry.v1.RegistryService/Session";
/** A text that makes the answer to a bad request long. */
const BAD_NAME = "X".repeat(2_000);

/** A session whose client sends requests for as long as the server takes them, and reads no answer until it is told to. */
export class DeafSession implements AsyncDisposable {
  sent = 0;
  answered = 0;
  readonly #raw: RawGrpc;
  readonly #stream: ClientHttp2Stream;
  #stopped = false;
  readonly #sending: Promise<void>;

  constructor(url: string, client: string) {
    this.#raw = new RawGrpc(url);
    this.#stream = this.#raw.open(SESSION);
    this.#stream.pause();
    this.#sending = this.#send(client);
  }

  /** Reads all answers, and ends the session when each request has its own. */
  async listen(): Promise<void> {
    this.#stopped = true;
    const parts: Buffer[] = [];
    this.#stream.on("data", (part: Buffer) => parts.push(part));
    this.#stream.resume();
    await this.#sending;
    const ended = once(this.#stream, "end");
    this.#stream.end();
    await ended;
    const bytes = Buffer.concat(parts);
    for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) {
      const end = at + 5 + bytes.readUInt32BE(at + 1);
      if (fromBinary(SessionResponseSchema, bytes.subarray(at + 5, end)).response.case !== "directive") this.answered++;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#raw.socket.destroy();
    await this.#raw[Symbol.asyncDispose]();
  }

  async #send(client: string): Promise<void> {
    this.#write({ case: "open", value: { client } });
    const instance = { service: BAD_NAME, id: BAD_NAME, endpoints: [{ host: BAD_NAME, port: 0 }] };
    while (!this.#stopped && !this.#stream.destroyed) {
      const open = this.#write({ case: "register", value: { instance } });
      if (!open) await once(this.#stream, "drain", { signal: AbortSignal.timeout(200) }).catch(() => undefined);
    }
  }

  #write(request: unknown): boolean {
    if (this.#stream.writableNeedDrain) return false;
    this.sent++;
    const message = create(SessionRequestSchema, { requestId: BigInt(this.sent), request } as never);
    return this.#stream.write(frame(toBinary(SessionRequestSchema, message)));
  }
}
