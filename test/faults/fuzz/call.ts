import type { DescMethod, DescMethodStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";

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

/** Makes any call, whatever its kind, by descriptor. Never rejects. */
export async function call(transport: Transport, method: DescMethod, requests: readonly Message[]): Promise<Outcome> {
  const startedMs = performance.now();
  const responses: Message[] = [];
  const error = await perform(transport, method, requests, responses).then(
    () => undefined,
    (reason: unknown) => ConnectError.from(reason),
  );
  return { responses, error, tookMs: performance.now() - startedMs };
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

async function perform(
  transport: Transport,
  method: DescMethod,
  requests: readonly Message[],
  responses: Message[],
): Promise<void> {
  const timeoutMs = deadlineOf(method);
  if (method.methodKind === "unary") {
    const [request = {}] = requests;
    const answer = await transport.unary(method as DescMethodUnary, undefined, timeoutMs, undefined, request);
    responses.push(answer.message as Message);
    return;
  }
  const streaming = method as DescMethodStreaming;
  const stop = new AbortController();
  const stream = await transport.stream(streaming, stop.signal, timeoutMs, undefined, each(requests));
  for await (const message of stream.message) {
    responses.push(message as Message);
    if (mayStreamForEver(method)) break;
  }
  stop.abort();
}

async function* each<T>(values: readonly T[]): AsyncIterable<T> {
  yield* values;
}
