#!/usr/bin/env node
import { Command } from "commander";
import { addRestore } from "./app/restore.js";
import type { ServeHost } from "./app/run-serve.js";
import { addServe } from "./app/serve.js";
import { readVersion } from "./app/version.js";
import { addCommands, createProcessIo, EXIT, runProgram } from "./cli/index.js";
import { environment } from "./config.js";

const env = environment();
const io = createProcessIo(process, env);

const host: ServeHost = {
  stdout: process.stdout,
  stderr: process.stderr,
  env,
  onStopSignal(listener) {
    process.on("SIGTERM", listener);
    process.on("SIGINT", listener);
  },
  onCrash(listener) {
    process.on("uncaughtException", listener);
    process.on("unhandledRejection", listener);
  },
  exit: (code) => process.exit(code),
};

const program = new Command("portolan")
  .description("A control plane for service governance: register, discover, watch, observe.")
  .version(readVersion());
addServe(program, host);
addRestore(program, io, process.stdin);
addCommands(program, io);

try {
  await runProgram(program, process.argv, io);
} catch (error) {
  process.stderr.write(`portolan: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = EXIT.failed;
}
