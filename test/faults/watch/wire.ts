import { setDefaultHighWaterMark } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import {
  create,
  type DescMessage,
  type DescMethodBiDiStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  type ServiceError,
  status,
} from "@grpc/grpc-js";

/** How long one unary call may take: far more than it ever needs, so that a call that hangs ends the run. */
const DEADLINE_MS = 30_000;

const RAW = (value: Buffer): Buffer => value;

/** One connection that hands out what it receives as bytes, so that who records much decodes it once. */
export class Wire implements Disposable {
  readonly #client: Client;

  constructor(address: string) {
    // A reader who stops would have 16 messages more in his hands: far too much for a server to notice that he stopped.
    setDefaultHighWaterMark(true, 1);
    this.#client = new Client(address, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": -1,
      "grpc.initial_reconnect_backoff_ms": 50,
      "grpc.max_reconnect_backoff_ms": 500,
    });
  }

  /** One call. Rejects with a `ServiceError`. */
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    init: MessageInitShape<I>,
  ): Promise<MessageShape<O>> {
    const deadline = Date.now() + DEADLINE_MS;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        pathOf(method),
        RAW,
        RAW,
        encoded(method.input, init),
        { deadline },
        (error, bytes) => {
          if (bytes) resolve(fromBinary(method.output, bytes));
          else reject(error ?? new Error("neither an answer nor an error"));
        },
      );
    });
  }

  /** Messages as bytes. */
  serverStream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    init: MessageInitShape<I>,
  ): ClientReadableStream<Buffer> {
    return this.#client.makeServerStreamRequest(pathOf(method), RAW, RAW, encoded(method.input, init));
  }

  /** Messages as bytes, both ways. */
  duplex<I extends DescMessage, O extends DescMessage>(
    method: DescMethodBiDiStreaming<I, O>,
  ): ClientDuplexStream<Buffer, Buffer> {
    return this.#client.makeBidiStreamRequest(pathOf(method), RAW, RAW);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** Opens connections to one server, and closes all of them together. */
export class Wires implements Disposable {
  readonly #wires: Wire[] = [];

  constructor(readonly address: string) {}

  connect(): Wire {
    const wire = new Wire(this.address);
    this.#wires.push(wire);
    return wire;
  }

  [Symbol.dispose](): void {
    for (const wire of this.#wires) wire[Symbol.dispose]();
  }
}

/** The bytes of a message. */
export function encoded<T extends DescMessage>(schema: T, init: MessageInitShape<T>): Buffer {
  return Buffer.from(toBinary(schema, create(schema, init)));
}

/** True for an error after which nobody knows whether the call was carried out. */
export function isUnknown(error: unknown): boolean {
  const code = (error as Partial<ServiceError>).code;
  return code === undefined || OPEN_ENDED.has(code);
}

const OPEN_ENDED = new Set([
  status.UNAVAILABLE,
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNKNOWN,
]);

/** Waits, but not beyond the end. */
export async function pause(ms: number, end: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: end }).catch(() => undefined);
}

function pathOf(method: { readonly parent: { readonly typeName: string }; readonly name: string }): string {
  return `/${method.parent.typeName}/${method.name}`;
}
