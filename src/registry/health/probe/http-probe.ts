import { Agent, type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { formatAddress } from "../../../model/index.js";
import { connect, type Place } from "./connect.js";
import { failed, failedBy, type Outcome, PASSED } from "./outcome.js";
import type { ProbeClient, Report } from "./probe-client.js";

/** What is read of an answer's body for the connection to be used again; of a longer one the connection is closed. */
const MAX_BODY_BYTES = 64 * 1024;
/** All headers of an answer together. */
const MAX_HEADER_BYTES = 16 * 1024;

/** What is asked for, and what answers pass. */
export interface HttpQuestion {
  readonly path: string;
  /** Empty means 200 to 299. */
  readonly expectedStatuses: readonly number[];
}

/** GETs a path, over one connection that is kept. Redirects are not followed, nothing secret is sent. */
export class HttpProbe implements ProbeClient {
  readonly #place: Place;
  readonly #question: HttpQuestion;
  readonly #agent: Agent;

  constructor(place: Place, question: HttpQuestion) {
    this.#place = place;
    this.#question = question;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 });
    // The address was checked; the agent would look the name up again.
    Object.assign(this.#agent, { createConnection: (): Socket => connect(place, "http/1.1") });
  }

  get keepsConnection(): boolean {
    return Object.keys(this.#agent.sockets).length + Object.keys(this.#agent.freeSockets).length > 0;
  }

  start(report: Report): () => void {
    const { host, port } = this.#place;
    const asked = request({
      agent: this.#agent,
      host,
      port,
      path: this.#question.path,
      headers: { host: formatAddress(host, port), "user-agent": "portolan-probe" },
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    asked.once("response", (response) => this.#judge(response, report));
    asked.once("upgrade", (_, socket) => {
      socket.destroy();
      report(failed("it switched protocols"));
    });
    asked.on("error", (error) => report(failedBy(error)));
    asked.end();
    return () => asked.destroy();
  }

  close(): void {
    this.#agent.destroy();
  }

  #judge(response: IncomingMessage, report: Report): void {
    const outcome = this.#outcomeOf(response.statusCode ?? 0);
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) response.destroy();
    });
    response.once("close", () => {
      const isWhole = response.complete || bytes > MAX_BODY_BYTES;
      report(isWhole ? outcome : failed("it closed the connection in mid-answer"));
    });
    response.on("error", () => {}); // `close` follows
  }

  #outcomeOf(status: number): Outcome {
    const { expectedStatuses } = this.#question;
    const passes = expectedStatuses.length > 0 ? expectedStatuses.includes(status) : status >= 200 && status < 300;
    return passes ? PASSED : failed(`status ${status}`);
  }
}
