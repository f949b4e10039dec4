import { createClients } from "./clients.js";

/** How long an undisturbed call may take at the worst while the server is being harmed, in milliseconds. */
const PATIENCE_MS = 30_000;

/** What a well-behaved client saw. */
export interface Sight {
  readonly calls: number;
  readonly failures: readonly string[];
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

/** A well-behaved client that calls all the while, one call after another: a read and a write in turn. */
export class Bystander implements Disposable {
  readonly #clients;
  readonly #took: number[] = [];
  readonly #failures: string[] = [];
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(baseUrl: string) {
    this.#clients = createClients(baseUrl);
    this.#running = this.#run();
  }

  /** Ends it after the call that goes on. */
  async stop(): Promise<Sight> {
    this.#stopped = true;
    await this.#running;
    return { calls: this.#took.length, failures: this.#failures, ...distribution(this.#took) };
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#clients[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      const start = performance.now();
      try {
        await this.#call(n);
        this.#took.push(performance.now() - start);
      } catch (error) {
        if (!this.#stopped) this.#failures.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #call(n: number): Promise<unknown> {
    const { registry, discovery } = this.#clients;
    const options = { timeoutMs: PATIENCE_MS };
    if (n % 2 === 0) return registry.putService({ service: { name: "bystander", description: `${n}` } }, options);
    return discovery.resolve({ target: { service: "bystander" } }, options);
  }
}

/** The middle, the slowest but one in a hundred, and the slowest. */
export function distribution(took: readonly number[]): { p50: number; p99: number; worst: number } {
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), worst: sorted.at(-1) ?? 0 };
}
