import { Program } from "../../support/process/program.js";
import { inTools } from "./paths.js";

/** A greeter in Go, in a process of its own. */
export class Greeter implements AsyncDisposable {
  private constructor(
    readonly id: string,
    readonly port: number,
    readonly program: Program,
  ) {}

  /** Starts one that serves at once. */
  static async start(id: string): Promise<Greeter> {
    return await Greeter.#start(id, new Program(id, { file: inTools("bin/xds-server"), args: [id] }));
  }

  /** Starts one that serves only once the plane of the bootstrap file told it that it may. */
  static async startOverXds(id: string, bootstrap: string): Promise<Greeter> {
    const env = { GRPC_XDS_BOOTSTRAP: bootstrap };
    return await Greeter.#start(id, new Program(id, { file: inTools("bin/xds-server"), args: [id, "-xds"], env }));
  }

  static async #start(id: string, program: Program): Promise<Greeter> {
    const [, port] = /:(\d+)$/.exec(await program.line(/^listening /)) ?? [];
    return new Greeter(id, Number(port), program);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}
