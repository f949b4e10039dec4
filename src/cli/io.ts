import type { Writable } from "node:stream";

/** The signals that a command hears. */
export type HeardSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** A timer that can be taken back. */
export interface CliTimer {
  cancel(): void;
}

/** Time as an argument. Unlike the server's clock, its timers keep the process alive: a command that waits must not end. */
export interface CliClock {
  /** Wall clock, milliseconds since the epoch. */
  wallMs(): number;
  /** Calls `run` once after `delayMs`. */
  after(delayMs: number, run: () => void): CliTimer;
}

/** Everything outside the program that commands touch, so that a test can stand in for it. */
export interface CliIo {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Environment variables: PORTOLAN_SERVER, NO_COLOR, TERM. Children inherit all of them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True when stdout is a terminal: tables get colours. */
  readonly isTTY: boolean;
  /** True when stdin is a terminal: Ctrl-C then reaches child processes without our help. */
  readonly stdinIsTTY: boolean;
  readonly clock: CliClock;
  /** 0 to below 1, for jitter and ids. */
  readonly random: () => number;
  /** Sets what the process will end with; the last call counts. */
  setExitCode(code: number): void;
  /** Calls `listener` for each signal, instead of dying of it, until the returned function is called. */
  onSignal(listener: (signal: HeardSignal) => void): () => void;
}

const HEARD: readonly HeardSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

const clock: CliClock = {
  wallMs: () => Date.now(),
  after(delayMs, run) {
    const timeout = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(timeout) };
  },
};

/** The part of `process` that commands use. */
export type HostProcess = Pick<NodeJS.Process, "stdout" | "stderr" | "stdin" | "exitCode" | "on" | "off">;

/**
 * The real world of a command.
 *
 * Nothing is listened to before a command asks for it, so that `serve` can have signals for itself.
 *
 * @param env the environment variables, read where configuration is read.
 */
export function createProcessIo(host: HostProcess, env: CliIo["env"]): CliIo {
  return {
    stdout: host.stdout,
    stderr: host.stderr,
    env,
    isTTY: host.stdout.isTTY === true,
    stdinIsTTY: host.stdin.isTTY === true,
    clock,
    random: Math.random,
    setExitCode(code) {
      host.exitCode = code;
    },
    onSignal(listener) {
      for (const signal of HEARD) host.on(signal, listener);
      return () => {
        for (const signal of HEARD) host.off(signal, listener);
      };
    },
  };
}
