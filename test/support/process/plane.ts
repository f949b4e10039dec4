import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inProject } from "./paths.js";
import { freePort } from "./ports.js";
import { type Command, Program } from "./program.js";

/** What a test may set of a built control plane. */
export interface PlaneSettings {
  /** Any further setting, as a flag: `{"keepalive-time": "1s"}`. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Where its data lies: absent means a directory of its own, removed with it. */
  readonly dataDir?: string;
  /** How the program is launched in truth: by way of another, with options for its runtime. */
  readonly launch?: (command: Command) => Command;
}

/** A built control plane in a process of its own, with a store on disk, that can be killed and started again. */
export class Plane implements AsyncDisposable {
  #program: Program | undefined;

  private constructor(
    /** host:port of gRPC. */
    readonly grpc: string,
    /** The base URL of the HTTP port. */
    readonly http: string,
    readonly dataDir: string,
    readonly settings: PlaneSettings,
  ) {}

  static async start(settings: PlaneSettings = {}): Promise<Plane> {
    const dataDir = settings.dataDir ?? (await mkdtemp(join(tmpdir(), "portolan-interop-")));
    const grpc = `127.0.0.1:${await freePort()}`;
    const plane = new Plane(grpc, `http://127.0.0.1:${await freePort()}`, dataDir, settings);
    await plane.start();
    return plane;
  }

  /** Starts it on its ports and directory; resolves when it serves. */
  async start(): Promise<void> {
    const command = portolan("serve", ...this.#settings());
    this.#program = new Program("plane", this.settings.launch?.(command) ?? command);
    await this.#program.line(/"msg":"serving"/);
  }

  /** As a power failure: nothing is said to anybody. */
  async kill(): Promise<void> {
    await this.#program?.kill("SIGKILL");
  }

  /** As an operator: answers the exit code. */
  async stop(): Promise<number | string | undefined> {
    return await this.#program?.kill("SIGTERM");
  }

  /** Its process; throws when it was never started. */
  get program(): Program {
    if (!this.#program) throw new Error("the plane was not started");
    return this.#program;
  }

  /** What it logged since it was last started. */
  get log(): readonly string[] {
    return this.#program?.lines ?? [];
  }

  async forgetEverything(): Promise<void> {
    await rm(this.dataDir, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (this.settings.dataDir === undefined) await rm(this.dataDir, { recursive: true, force: true });
  }

  #settings(): string[] {
    const http = this.http.replace("http://", "");
    const fixed = [
      "--grpc-address",
      this.grpc,
      "--http-address",
      http,
      "--data-dir",
      this.dataDir,
      "--log-format",
      "json",
    ];
    return [...fixed, ...Object.entries(this.settings.flags ?? {}).flatMap(([name, value]) => [`--${name}`, value])];
  }
}

/** The built command line. */
export function portolan(...args: string[]): Command {
  return { file: process.execPath, args: [inProject("dist/bin/main.js"), ...args] };
}
