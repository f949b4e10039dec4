import type { DescMethod, DescMethodStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

/** How a call went. */
export interface Outcome {
  readonly responses: readonly Message[];
  /** Undefined when it ended well, or when it streams for ever and was let go. */
  readonly error: ConnectError | undefined;
  /** How long until it ended, in milliseconds. */
  readonly tookMs: number;
}

/** Longer than anything takes, also on a slow machine: what has not ended by then hangs. */
export const PATIENCE_MS = 20_000;

/** A stream from the server may be silent for ever; so long it is listened to. */
const LISTEN_MS = 60;

/** What `Resolve` waits for a revision that does not come. */
const WAIT_MS = 300;

/**
 * Makes any call, whatever its kind, by descriptor.
 *
 * Streams have a connection each, because they are reset when they are let go: of more than some thirty resets a second, a
 * server on Node takes the connection for an attack and closes it.
 */
export class Caller {
  readonly #baseUrl: string;
  readonly #unary: Transport;

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
    this.#unary = createGrpcTransport({ baseUrl });
  }

  /** Never rejects. */
  async call(method: DescMethod, requests: readonly Message[]): Promise<Outcome> {
    const startedMs = performance.now();
    const responses: Message[] = [];
    const error = await this.#perform(method, requests, responses).then(
      () => undefined,
      (reason: unknown) => ConnectError.from(reason),
    );
    return { responses, error, tookMs: performance.now() - startedMs };
  }

  async #perform(method: DescMethod, requests: readonly Message[], responses: Message[]): Promise<void> {
    if (method.methodKind === "unary") {
      const [request = {}] = requests;
      const timeoutMs = deadlineOf(method);
      const answer = await this.#unary.unary(method as DescMethodUnary, undefined, timeoutMs, undefined, request);
      responses.push(answer.message as Message);
      return;
    }
    const sessionManager = new Http2SessionManager(this.#baseUrl);
    try {
      const transport = createGrpcTransport({ baseUrl: this.#baseUrl, sessionManager });
      await stream(transport, method as DescMethodStreaming, requests, responses);
    } finally {
      sessionManager.abort();
    }
  }
}

/** True for a stream that the server need not end. */
export function mayStreamForEver(method: DescMethod): boolean {
  return method.methodKind === "server_streaming";
}

/** True when the call ended because its time was over, though it might have gone on well. */
export function ranOut(method: DescMethod, { error }: Outcome): boolean {
  return mayStreamForEver(method) && error?.code === Code.DeadlineExceeded;
}

function deadlineOf(method: DescMethod): number {
  if (mayStreamForEver(method)) return LISTEN_MS;
  return method.name === "Resolve" ? WAIT_MS : PATIENCE_MS;
}

async function stream(
  transport: Transport,
  method: DescMethodStreaming,
  requests: readonly Message[],
  responses: Message[],
): Promise<void> {
  const answers = await transport.stream(method, undefined, deadlineOf(method), undefined, each(requests));
  for await (const message of answers.message) {
    responses.push(message as Message);
    if (mayStreamForEver(method)) break;
  }
}

async function* each<T>(values: readonly T[]): AsyncIterable<T> {
  yield* values;
}
