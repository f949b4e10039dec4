/** What the process answers its caller; `docs/cli.md` explains each. `register -- COMMAND` ends with the command's own code. */
export const EXIT = {
  ok: 0,
  /** Anything that has no code of its own below: a fault of the server or of this program. */
  failed: 1,
  /** The command line is wrong, or the server refused what it says. */
  usage: 2,
  /** There is no such service or instance. */
  notFound: 3,
  /** Nobody answers, not in time, or "not now". */
  unavailable: 4,
  /** What was asked does not fit what stands there now. */
  conflict: 5,
  /** Another holder registered the instance that this command kept. */
  superseded: 6,
  /** The caller may not do that. */
  denied: 7,
  /** The command after `--` cannot be started. */
  commandNotFound: 127,
} as const;

/** One of the codes of `EXIT`, or a child's own. */
export type ExitCode = number;
