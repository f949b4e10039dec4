import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { frame } from "../../support/raw-grpc.js";
import { type Ending, refusalIn } from "./ending.js";
import { now } from "./history.js";

/** How long a call waits on the server, and a connection on any sign of life. */
const PATIENCE_MS = 8_000;
const TRY_AGAIN_MS = 30;
const FRAME_HEAD_BYTES = 5;

/**
 * One connection, which is opened again after it broke. Bare HTTP/2 with as much gRPC as a unary call needs: a gRPC library
 * would be most of what the load costs, and would decide by itself what it sends twice.
 */
export class Connection implements Disposable {
  readonly #url: string;
  #session: ClientHttp2Session | undefined;
  #since = 0;

  constructor(address: string) {
    this.#url = `http://${address}`;
  }

  /** When the server of the last connection was heard for the first time: who was not there then never gets what is sent. */
  get since(): number {
    return this.#since;
  }

  /** Resolves once it is connected, however long that takes, or `stopped`. */
  async ready(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted && !this.#isOpen()) {
      this.#session = await this.#connect();
      if (!this.#session) await sleep(TRY_AGAIN_MS);
    }
  }

  /** Calls once, and never sends anything again: when the answer does not come, the request was sent or it was not. */
  async call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    fields: MessageInitShape<I>,
    timeoutMs = PATIENCE_MS,
  ): Promise<Ending<MessageShape<O>>> {
    if (!this.#session || !this.#isOpen()) return { kind: "unsent" };
    const request = frame(toBinary(method.input, create(method.input, fields)));
    const path = `/${method.parent.typeName}/${method.name}`;
    const { headers, body } = await send(this.#session, { path, timeoutMs, request });
    if (headers?.["grpc-status"] === undefined) return { kind: "silence" };
    if (headers["grpc-status"] !== "0") return refusalIn(headers);
    return { kind: "answer", message: fromBinary(method.output, body.subarray(FRAME_HEAD_BYTES)) };
  }

  /** Opens a stream both ways; undefined when it is not connected. */
  stream(path: string): ClientHttp2Stream | undefined {
    return this.#isOpen() ? this.#session?.request(headersOf(path)) : undefined;
  }

  [Symbol.dispose](): void {
    this.#session?.destroy();
  }

  #isOpen(): boolean {
    return this.#session !== undefined && !this.#session.closed && !this.#session.destroyed;
  }

  /** Undefined when nobody listens. */
  #connect(): Promise<ClientHttp2Session | undefined> {
    return new Promise((resolve) => {
      const session = connect(this.#url);
      session.setTimeout(2 * PATIENCE_MS, () => session.destroy());
      session.on("error", () => resolve(undefined));
      session.once("close", () => resolve(undefined));
      session.once("remoteSettings", () => {
        this.#since = now();
        resolve(session);
      });
    });
  }
}

interface Sent {
  readonly path: string;
  readonly timeoutMs: number;
  readonly request: Buffer;
}

interface Response {
  /** The headers or trailers that came last; undefined when none came. */
  readonly headers: IncomingHttpHeaders | undefined;
  readonly body: Buffer;
}

/** Resolves when the stream has ended, in whatever way. */
function send(session: ClientHttp2Session, { path, timeoutMs, request }: Sent): Promise<Response> {
  const stream = session.request({ ...headersOf(path), "grpc-timeout": `${timeoutMs}m` });
  let headers: IncomingHttpHeaders | undefined;
  const chunks: Buffer[] = [];
  const take = (received: IncomingHttpHeaders) => {
    headers = received;
  };
  stream.on("response", take).on("trailers", take);
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("error", () => {}); // `close` follows
  stream.end(request);
  return new Promise((resolve) => stream.on("close", () => resolve({ headers, body: Buffer.concat(chunks) })));
}

function headersOf(path: string) {
  return { ":method": "POST", ":path": path, "content-type": "application/grpc+proto", te: "trailers" };
}
