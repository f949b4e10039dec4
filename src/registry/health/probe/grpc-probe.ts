import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { formatAddress } from "../../../model/index.js";
import { connect, type Place } from "./connect.js";
import { CHECK_PATH, checkRequest, outcomeOf } from "./grpc-health.js";
import { failed, failedBy } from "./outcome.js";
import type { ProbeClient, Report } from "./probe-client.js";

const MAX_ANSWER_BYTES = 64 * 1024;
/** No server needs more for a check, and a hostile one must not make us hold more. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Asks grpc.health.v1.Health, over one HTTP/2 connection that is kept. */
export class GrpcProbe implements ProbeClient {
  readonly #place: Place;
  readonly #request: Buffer;
  #session: ClientHttp2Session | undefined;

  constructor(place: Place, service: string) {
    this.#place = place;
    this.#request = checkRequest(service);
  }

  get keepsConnection(): boolean {
    return this.#session !== undefined;
  }

  start(report: Report): () => void {
    const session = this.#session ?? this.#connect();
    const onError = (error: unknown) => {
      this.#drop(session);
      report(failedBy(error));
    };
    // A session that fails may end its streams without an error of their own.
    session.once("error", onError);
    const stream = this.#ask(session);
    this.#listen(stream, (outcome) => {
      session.off("error", onError);
      report(outcome);
    });
    // Given up means late: the connection is not to be trusted either.
    return () => this.#drop(session);
  }

  close(): void {
    if (this.#session) this.#drop(this.#session);
  }

  #ask(session: ClientHttp2Session): ClientHttp2Stream {
    const { host, port, tls } = this.#place;
    const stream = session.request({
      ":method": "POST",
      ":path": CHECK_PATH,
      ":scheme": tls ? "https" : "http",
      ":authority": formatAddress(host, port),
      "content-type": "application/grpc",
      te: "trailers",
      "user-agent": "portolan-probe",
    });
    stream.end(this.#request);
    return stream;
  }

  #listen(stream: ClientHttp2Stream, report: Report): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let httpStatus = 0;
    let isGrpc = false;
    let status: string | undefined;
    const take = (headers: Readonly<Record<string, unknown>>) => {
      if (typeof headers["grpc-status"] === "string") status = headers["grpc-status"];
    };
    stream.once("response", (headers) => {
      httpStatus = headers[":status"] ?? 0;
      isGrpc = /^application\/grpc\b/.test(headers["content-type"] ?? "");
      take(headers);
    });
    stream.once("trailers", take);
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
      else stream.destroy();
    });
    stream.on("error", (error) => report(failedBy(error)));
    stream.once("close", () => {
      if (bytes > MAX_ANSWER_BYTES) report(failed("its answer is too large"));
      else if (httpStatus === 0) report({ kind: "failed", reason: "it closed the connection", broken: true });
      else if (httpStatus !== 200) report(failed(`HTTP status ${httpStatus}`));
      else report(outcomeOf(isGrpc ? status : undefined, Buffer.concat(chunks)));
    });
  }

  #connect(): ClientHttp2Session {
    const session = connectHttp2(`${this.#place.tls ? "https" : "http"}://probed`, {
      createConnection: () => connect(this.#place, "h2"),
      maxSessionMemory: 1,
      settings: { enablePush: false, initialWindowSize: MAX_ANSWER_BYTES, maxHeaderListSize: MAX_HEADER_BYTES },
    });
    session.unref();
    session.on("error", () => this.#drop(session));
    session.once("goaway", () => this.#forget(session));
    session.once("close", () => this.#forget(session));
    this.#session = session;
    return session;
  }

  #drop(session: ClientHttp2Session): void {
    this.#forget(session);
    session.destroy();
  }

  #forget(session: ClientHttp2Session): void {
    if (this.#session === session) this.#session = undefined;
  }
}
