import { createClients } from "../support/clients.js";
import { bigInstance } from "../support/instances.js";

/** Writers that change instances of a service all the while, as fast as the server takes it. */
export class Churn {
  /** id -> version, as last acknowledged. */
  readonly state = new Map<string, string>();
  /** The revision of the newest acknowledged change. */
  revision = 0n;
  commits = 0;
  #stopped = false;
  readonly #done: Promise<unknown>;

  constructor(url: string, options: { readonly service: string; readonly instances: number; readonly bytes: number }) {
    const writers = 4;
    this.#done = Promise.all(
      Array.from({ length: writers }, (_, writer) => this.#write(url, { ...options, writer, writers })),
    );
  }

  /** Ends it when what is under way was acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #write(url: string, { service, instances, bytes, writer, writers }: Writing): Promise<void> {
    using clients = createClients(url);
    for (let round = 0; !this.#stopped; round++) {
      const id = `${service}-${(round * writers + writer) % instances}`;
      const version = `${round}-${writer}`;
      const instance = { ...bigInstance(service, id, bytes, round), version };
      const { revision } = await clients.registry.register({ instance, ttl: { seconds: 0n, nanos: 0 } });
      this.state.set(id, version);
      if (revision > this.revision) this.revision = revision;
      this.commits++;
    }
  }
}

interface Writing {
  readonly service: string;
  readonly instances: number;
  readonly bytes: number;
  readonly writer: number;
  readonly writers: number;
}
