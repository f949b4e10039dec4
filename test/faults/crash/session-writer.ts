import type { Random } from "../support/campaign.js";
import type { Book, Catalogue } from "./book.js";
import type { Clients } from "./clients.js";
import { anInstance } from "./writers.js";

const TTL = { seconds: 600n, nanos: 0 };

type Response = AsyncIterator<{ requestId: bigint; response: { case?: string; value?: unknown } }>;

/** Holds a session over all lives of a plane, with up to `size` instances that come and go, and resumes it by its token. */
export class SessionWriter {
  readonly #name: string;
  readonly #size: number;
  #token = "";
  /** Ids that the plane said it holds, when the session was resumed last. */
  held: readonly string[] | undefined;
  #registered = new Set<string>();

  constructor(name: string, size: number) {
    this.#name = name;
    this.#size = size;
  }

  /** Takes what a plane holds of it for what the next life begins with. */
  settle(found: Catalogue): void {
    const ids = this.#ids().filter((id) => found.has(`held/${id}`));
    this.#registered = new Set(ids);
  }

  /** What is wrong with what the plane said when the session was resumed; undefined when nothing is, or it was not asked. */
  fault(): string | undefined {
    const [held, stands] = [this.held, this.#standing];
    this.held = undefined;
    if (!held || !stands || JSON.stringify([...held].sort()) === JSON.stringify(stands)) return undefined;
    return `session ${this.#name} was resumed with ${held}, and ${stands} are registered`;
  }

  #standing: readonly string[] | undefined;

  /** Opens or resumes it, and writes through it until the plane is gone. */
  async run({ registry }: Clients, book: Book, random: Random): Promise<void> {
    this.#standing = [...this.#registered].sort();
    const requests = new Requests();
    const responses = registry.session(requests)[Symbol.asyncIterator]() as Response;
    try {
      requests.send("open", { client: this.#name, ttl: TTL, resumeToken: this.#token });
      const opened = (await answerOf(responses, "opened")) as { resumeToken: string; instances: { id: string }[] };
      if (this.#token !== "") this.held = opened.instances.map(({ id }) => id);
      this.#token = opened.resumeToken;
      for (;;) await this.#write(requests, responses, book, random);
    } finally {
      requests.break();
    }
  }

  async #write(requests: Requests, responses: Response, book: Book, random: Random): Promise<void> {
    const id = random.pick(this.#ids());
    const version = `h${random.below(2 ** 30)}`;
    const leaves = this.#registered.has(id) && random.chance(0.3);
    const effect = new Map([[`held/${id}`, leaves ? undefined : version]]);
    await book.write(effect, async () => {
      if (leaves) requests.send("deregister", { instance: { service: "held", id } });
      else requests.send("register", { instance: anInstance("held", id, version) });
      return (await answerOf(responses, "committed")) as { revision: bigint };
    });
    if (leaves) this.#registered.delete(id);
    else this.#registered.add(id);
  }

  #ids(): string[] {
    return Array.from({ length: this.#size }, (_, index) => `${this.#name}-${index}`);
  }
}

async function answerOf(responses: Response, wanted: string): Promise<unknown> {
  for (;;) {
    const { done, value } = await responses.next();
    if (done) throw new Error("the session ended");
    if (value.response.case === wanted) return value.response.value;
    if (value.response.case === "failed") throw new Error(`refused: ${JSON.stringify(value.response.value)}`);
  }
}

/** Requests of a stream that is never half-closed: that would end the session. */
class Requests implements AsyncIterable<never> {
  readonly #queue: unknown[] = [];
  #id = 0n;
  #wake: () => void = () => {};
  #broken = false;

  send(kind: string, value: unknown): void {
    this.#queue.push({ requestId: ++this.#id, request: { case: kind, value } });
    this.#wake();
  }

  break(): void {
    this.#broken = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<never, void, undefined> {
    while (!this.#broken) {
      for (const request of this.#queue.splice(0)) yield request as never;
      if (this.#queue.length > 0 || this.#broken) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
