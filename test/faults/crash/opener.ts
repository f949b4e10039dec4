import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Accident, damage } from "./damage.js";
import { type Memory, type Outcome, openAndCompare } from "./memory.js";

/** A file system without a disk: what an opening syncs need not be waited for. */
const MEMORY = "/dev/shm";

/** Damages that happen together, and what may come of them. */
export interface Trial {
  readonly accidents: readonly Accident[];
  /** Indexes of the job's moments: the store may come up as it was at one of them. */
  readonly moments: readonly number[];
  /** It may be refused. */
  readonly refusal: boolean;
}

/** What the parent asks for. */
export interface Job {
  readonly source: string;
  readonly moments: readonly Memory[];
  readonly trials: readonly Trial[];
}

/** What it is told: "began" before each trial, so that it knows of which one this process died. */
export type Report = { readonly began: number } | { readonly ended: number; readonly outcome: Outcome };

/** Takes jobs until the parent hangs up. */
export async function serve(): Promise<void> {
  process.on("message", (job: Job) => {
    run(job).catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.("ready");
}

async function run({ source, moments, trials }: Job): Promise<void> {
  const scratch = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "portolan-crash-"));
  for (const [index, trial] of trials.entries()) {
    tell({ began: index });
    const dataDir = join(scratch, String(index));
    await cp(source, dataDir, { recursive: true });
    for (const accident of trial.accidents) await damage(dataDir, accident);
    const outcome = await openTwice(
      dataDir,
      trial.moments.flatMap((moment) => moments[moment] ?? []),
    );
    await rm(dataDir, { recursive: true });
    if (index === trials.length - 1) await rm(scratch, { recursive: true });
    tell({ ended: index, outcome });
  }
}

/** Opening a database changes it, and must not cover up what is missing: the second time it says what it said the first. */
async function openTwice(dataDir: string, moments: readonly Memory[]): Promise<Outcome> {
  const first = await openAndCompare(dataDir, moments);
  if (first.kind === "wrong") return first;
  const second = await openAndCompare(dataDir, moments);
  if (first.kind === second.kind) return first;
  return { kind: "wrong", what: `it was ${JSON.stringify(first)}, and opened again it is ${JSON.stringify(second)}` };
}

function tell(report: Report): void {
  process.send?.(report);
}
