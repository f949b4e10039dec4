import { Plane } from "../../support/process/plane.js";
import { now } from "./history.js";

/** From before a server process began until after it ended; nothing that it did not do by then will it do later. */
interface Life {
  readonly from: number;
  to: number;
}

/** A control plane that dies and comes back, and remembers when it lived. */
export class Server implements AsyncDisposable {
  readonly #lives: Life[] = [];
  #up = Promise.resolve();

  private constructor(readonly plane: Plane) {}

  static async start(): Promise<Server> {
    const from = now();
    const server = new Server(await Plane.start());
    server.#lives.push({ from, to: Number.POSITIVE_INFINITY });
    return server;
  }

  /** Resolves while it serves, or once it does again. */
  get up(): Promise<void> {
    return this.#up;
  }

  /** Ends the process, as a crash or as an operator would, and starts it again on what is on disk. */
  async restart(how: "kill" | "stop"): Promise<void> {
    let serves = () => {};
    this.#up = new Promise((resolve) => {
      serves = resolve;
    });
    try {
      await this.#end(how);
      const from = now();
      this.#lives.push({ from, to: Number.POSITIVE_INFINITY });
      await this.plane.start();
    } finally {
      serves(); // also when it failed, so that nobody waits for ever
    }
  }

  /** When the process ended that was heard at `since`. Call it once that has ended. */
  endOf(since: number): number {
    return this.#lives.findLast(({ from }) => from <= since)?.to ?? since;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]();
  }

  async #end(how: "kill" | "stop"): Promise<void> {
    if (how === "kill") {
      await this.plane.kill();
    } else {
      const code = await this.plane.stop();
      if (code !== 0) throw new Error(`the server ended with ${code}:\n${this.plane.log.slice(-20).join("\n")}`);
    }
    const life = this.#lives.at(-1);
    if (life) life.to = now();
  }
}
