import { readFile } from "node:fs/promises";
import { inProject } from "../../support/process/paths.js";
import { Plane, type PlaneSettings } from "../../support/process/plane.js";
import type { Command } from "../../support/process/program.js";

/** Megabytes of 1024 * 1024 bytes: what a person reads. */
export const MB = 1024 * 1024;

/** What a server's memory holds after everything that can be freed was freed, in bytes. */
export interface Held {
  readonly rss: number;
  readonly heapUsed: number;
  /** Buffers and what libraries hold for the heap's objects. */
  readonly external: number;
}

/** A built server that can be looked into: its memory, its files, its clock, its event loop. */
export class WatchedPlane implements AsyncDisposable {
  #orders: Promise<unknown> = Promise.resolve();

  private constructor(readonly plane: Plane) {}

  static async start(settings: PlaneSettings = {}): Promise<WatchedPlane> {
    const launch = (command: Command) => settings.launch?.(open(command)) ?? open(command);
    return new WatchedPlane(await Plane.start({ ...settings, launch }));
  }

  get grpcUrl(): string {
    return `http://${this.plane.grpc}`;
  }

  get grpcPort(): number {
    return Number(this.plane.grpc.split(":")[1]);
  }

  get httpPort(): number {
    return Number(new URL(this.plane.http).port);
  }

  get pid(): number {
    return this.plane.program.pid;
  }

  /** Resident memory now, in bytes, garbage included. */
  async rss(): Promise<number> {
    return (await this.#status("VmRSS")) * 1024;
  }

  /** Frees garbage, then tells what is held. */
  async held(): Promise<Held> {
    return (await this.order("gc")) as unknown as Held;
  }

  /** Has the server do something to itself; see inside.mjs. Orders are carried out one after another. */
  order(text: string): Promise<Record<string, number>> {
    const answer = this.#orders.then(() => this.#order(text));
    this.#orders = answer.catch(() => undefined);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]();
  }

  async #order(text: string): Promise<Record<string, number>> {
    const { program } = this.plane;
    const from = program.lines.length;
    program.write(`${text}\n`);
    return JSON.parse(await program.line(/^{"inside"/, from)) as Record<string, number>;
  }

  async #status(field: string): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, "utf8");
    const found = new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status);
    if (!found) throw new Error(`no ${field} of process ${this.pid}: it is gone`);
    return Number(found[1]);
  }
}

/** The same with the runtime opened for looks. */
function open({ file, args }: Command): Command {
  const inside = inProject("test/faults/support/inside.mjs");
  return { file, args: ["--expose-gc", "--max-semi-space-size=64", "--import", inside, ...args] };
}

/** The highest resident memory while it runs. */
export class Peak implements Disposable {
  #highest = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(plane: WatchedPlane) {
    const look = () =>
      void plane.rss().then(
        (rss) => this.#take(rss),
        () => undefined,
      );
    look();
    this.#timer = setInterval(look, 100);
  }

  /** Bytes. */
  get highest(): number {
    return this.#highest;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #take(rss: number): void {
    this.#highest = Math.max(this.#highest, rss);
  }
}

/** Bytes as whole megabytes. */
export function mb(bytes: number): string {
  return `${Math.round(bytes / MB)} MB`;
}
