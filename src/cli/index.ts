/**
 * The `portolan` command for people and scripts: everything but `serve` and `restore`.
 *
 * It sees the control plane as any client does, through the generated stubs; of the product's rooms it imports none but the
 * model. Start with `program.ts` (which commands there are), then `context.ts` (what each of them works with). Streams
 * that outlive their connection are in `follow.ts`, registrations that do so in `session/keeper.ts`.
 *
 * @module
 */

export { EXIT, type ExitCode } from "./exit-codes.js";
export { formatCount } from "./format.js";
export { type CliClock, type CliIo, type CliTimer, createProcessIo, type HeardSignal, type HostProcess } from "./io.js";
export { addCommands, runProgram } from "./program.js";
