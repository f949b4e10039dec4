import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import {
  RegistryService,
  SessionRequestSchema,
  type SessionResponse,
  SessionResponseSchema,
} from "../../../../gen/portolan/registry/v1/registry_pb.js";
import type { Random } from "../../support/campaign.js";
import { toInstance } from "../truth/content.js";
import { type Deed, type WriteLog, WriterLog } from "../truth/write.js";
import { encoded, pause, type Wire } from "../wire.js";
import { anyContent, anyService } from "./places.js";

export interface SessionWriterOptions {
  readonly name: string;
  readonly wire: Wire;
  readonly writes: WriteLog;
  readonly random: Random;
  /** Ids that it writes in each service; nobody else writes them. */
  readonly ids: readonly string[];
}

const TTL_S = 1n;

/** Registers over sessions that end in every way: closed, broken and left, broken and resumed. */
export class SessionWriter {
  readonly #options: SessionWriterOptions;
  readonly #log: WriterLog;
  #marks = 0;
  #resumeToken = "";

  constructor(options: SessionWriterOptions) {
    this.#options = options;
    this.#log = new WriterLog(options.writes);
  }

  async write(end: AbortSignal): Promise<void> {
    const { random } = this.#options;
    while (!end.aborted) {
      const call = new SessionStream(this.#options.wire);
      const opened = await call.ask({
        case: "open",
        value: { ttl: { seconds: TTL_S }, resumeToken: this.#resumeToken },
      });
      if (opened?.response.case === "opened") {
        for (let left = random.below(12); left > 0 && !end.aborted && !call.over; left--) {
          await this.#writeOne(call);
          await pause(random.below(60), end);
        }
      }
      this.#resumeToken = "";
      if (opened?.response.case === "opened" && random.chance(0.3))
        this.#resumeToken = opened.response.value.resumeToken;
      await call.leave(random.chance(0.4) && this.#resumeToken === "");
      await pause(random.below(this.#resumeToken === "" ? 300 : 900), end);
    }
  }

  async #writeOne(call: SessionStream): Promise<void> {
    const { random, ids, name } = this.#options;
    const place = { ...anyService(random), id: random.pick(ids) };
    const content = anyContent(random, place, `${name}.${this.#marks++}`);
    const leaves = random.chance(0.25);
    const deed: Deed = leaves ? { kind: "remove", ...place } : { kind: "put", content };
    const answer = await call.ask(
      leaves
        ? { case: "deregister", value: { instance: place } }
        : { case: "register", value: { instance: toInstance(content) } },
    );
    if (!answer) this.#log.leaveOpen([deed]);
    else if (answer.response.case === "committed" && answer.response.value.revision > 0n)
      this.#log.acknowledge(Number(answer.response.value.revision), [deed]);
  }
}

type Question = MessageInitShape<typeof SessionRequestSchema>["request"];

/** One stream of a session, asked one thing at a time. */
class SessionStream {
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  #answer: (response: SessionResponse | undefined) => void = () => undefined;
  readonly #ended: Promise<void>;
  #asked = 0n;
  over = false;

  constructor(wire: Wire) {
    this.#stream = wire.duplex(RegistryService.method.session);
    this.#stream.on("data", (bytes: Buffer) => this.#take(fromBinary(SessionResponseSchema, bytes)));
    this.#ended = new Promise((resolve) => {
      const over = () => {
        this.over = true;
        this.#answer(undefined);
        resolve();
      };
      this.#stream.on("error", over);
      this.#stream.on("end", over);
    });
  }

  /** The answer; undefined when the stream broke before it came. */
  async ask(request: Question): Promise<SessionResponse | undefined> {
    if (this.over) return undefined;
    const answer = new Promise<SessionResponse | undefined>((resolve) => {
      this.#answer = resolve;
    });
    this.#stream.write(encoded(SessionRequestSchema, { requestId: ++this.#asked, ...(request && { request }) }));
    return await answer;
  }

  /** Closes the session, or breaks off. */
  async leave(close: boolean): Promise<void> {
    if (close) this.#stream.end();
    else this.#stream.cancel();
    await this.#ended;
  }

  #take(response: SessionResponse): void {
    if (response.requestId === this.#asked) this.#answer(response);
  }
}
