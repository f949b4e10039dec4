import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Outcome } from "./memory.js";
import type { Job, Report, Trial } from "./opener.js";

const OPENER = fileURLToPath(new URL("./opener.mjs", import.meta.url));
/** An opening that takes longer hangs. */
const PATIENCE_MS = 30_000;

/** What the trials of a suite came to. */
export class Tally {
  whole = 0;
  refused = 0;
  /** What must not be, a line each. */
  readonly bad: string[] = [];

  get trials(): number {
    return this.whole + this.refused + this.bad.length;
  }

  take(trial: Trial, outcome: Outcome | { readonly kind: "died"; readonly how: string }): void {
    if (outcome.kind === "whole") this.whole++;
    else if (outcome.kind === "refused" && trial.refusal) this.refused++;
    else this.bad.push(`${JSON.stringify(trial).slice(0, 500)}: ${JSON.stringify(outcome)}`);
  }
}

/** Runs trials in a process of their own; one that dies of a trial is followed by another. */
export async function runTrials(job: Job, tally: Tally): Promise<void> {
  let { trials } = job;
  while (trials.length > 0) trials = trials.slice(await runUntilDeath({ ...job, trials }, tally));
}

/** Answers how many of them are settled. */
async function runUntilDeath(job: Job, tally: Tally): Promise<number> {
  const child = fork(OPENER, { execArgv: [], stdio: ["ignore", "inherit", "pipe", "ipc"] });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  let settled = 0;
  const how = await lifeOf(child, job, (index, outcome) => {
    const trial = job.trials[index];
    if (trial) tally.take(trial, outcome);
    settled++;
  });
  const dying = job.trials[settled];
  if (!dying) return settled;
  tally.take(dying, { kind: "died", how: `${how} ${stderr.trim().slice(0, 500)}` });
  return settled + 1;
}

/** Resolves with how the child ended. */
function lifeOf(child: ChildProcess, job: Job, ended: (index: number, outcome: Outcome) => void): Promise<string> {
  return new Promise((resolve) => {
    let hung = false;
    const hang = () => {
      hung = true;
      child.kill("SIGKILL");
    };
    let patience = setTimeout(hang, PATIENCE_MS);
    child.on("message", (message: Report | "ready") => {
      clearTimeout(patience);
      patience = setTimeout(hang, PATIENCE_MS);
      if (message === "ready") child.send(job);
      else if ("ended" in message) ended(message.ended, message.outcome);
      if (typeof message === "object" && "ended" in message && message.ended === job.trials.length - 1)
        child.disconnect();
    });
    child.on("exit", (code, signal) => {
      clearTimeout(patience);
      resolve(hung ? "it hung" : String(signal ?? code));
    });
  });
}
