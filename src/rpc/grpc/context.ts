import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { Metadata, type ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { anonymousAt, setCaller } from "../caller.js";

/** A call that has ended. Its reason is made when it is asked for: of most calls nobody asks, and an error is costly. */
interface Ended {
  readonly reason: Error;
}

/**
 * What a handler knows of its call, in Connect's shape.
 *
 * Everything is made when it is first asked for: most unary handlers ask for nothing.
 */
export class GrpcContext implements HandlerContext {
  readonly protocolName = "grpc";
  readonly requestMethod = "POST";
  readonly #call: ServerInterceptingCallInterface;
  readonly #metadata: Metadata;
  #abort: AbortController | undefined;
  #values: ContextValues | undefined;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  /** Knows why, once the call is over. */
  #ended: Ended | undefined;

  constructor(
    readonly method: DescMethod,
    call: ServerInterceptingCallInterface,
    metadata: Metadata,
  ) {
    this.#call = call;
    this.#metadata = metadata;
  }

  get service(): DescService {
    return this.method.parent;
  }

  get url(): string {
    return `http://${this.#call.getHost()}/${this.service.typeName}/${this.method.name}`;
  }

  /** Aborts when the client cancels or is gone, the deadline passes, the server stops, and when the call has ended. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#ended) this.#abort.abort(this.#ended.reason);
    }
    return this.#abort.signal;
  }

  get values(): ContextValues {
    if (!this.#values) {
      const { remoteAddress, remotePort } = this.#call.getConnectionInfo();
      this.#values = setCaller(createContextValues(), anonymousAt(remoteAddress, remotePort));
    }
    return this.#values;
  }

  get requestHeader(): Headers {
    this.#requestHeader ??= headersOf(this.#metadata);
    return this.#requestHeader;
  }

  get responseHeader(): Headers {
    this.#responseHeader ??= new Headers();
    return this.#responseHeader;
  }

  get responseTrailer(): Headers {
    this.#responseTrailer ??= new Headers();
    return this.#responseTrailer;
  }

  get timeoutMs(): () => number | undefined {
    return () => {
      const deadline = Number(this.#call.getDeadline());
      return Number.isFinite(deadline) ? Math.max(0, deadline - Date.now()) : undefined;
    };
  }

  /** Headers that the handler set; undefined when there are none. */
  headerMetadata(): Metadata | undefined {
    return this.#responseHeader && metadataOf(this.#responseHeader);
  }

  /** Trailers that the handler set; null when there are none. */
  trailerMetadata(): Metadata | null {
    return this.#responseTrailer ? metadataOf(this.#responseTrailer) : null;
  }

  /** The call is over: whoever listens to the signal hears why. */
  over(ended: Ended): void {
    if (this.#ended) return;
    this.#ended = ended;
    this.#abort?.abort(ended.reason);
  }
}

function headersOf(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const [key, values] of Object.entries(metadata.toHttp2Headers())) {
    for (const value of [values].flat()) if (value !== undefined) headers.append(key, String(value));
  }
  return headers;
}

function metadataOf(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of headers) {
    metadata.add(key, key.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  }
  return metadata;
}
