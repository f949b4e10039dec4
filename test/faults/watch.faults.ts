import { expect, test } from "vitest";
import { type Campaign, startCampaign } from "./support/campaign.js";
import type { Findings } from "./watch/validators/judge.js";
import { runRound } from "./watch/workload/round.js";

/** What a run must have judged, at least. */
const MIN_CHANGES = 1_000_000;
/** Part of the suite's time that the rounds get; the scenarios have the rest. */
const PART = 0.7;
/** A machine with other things to do may take this much longer to get there. */
const STRETCH = 4;
const STIR_MS = 35_000;
/** Faults that are shown of a round: one cause has many. */
const SHOWN = 20;

test("every stream tells exactly the history that was, whatever becomes of its reader, its history and the server", async () => {
  const campaign = startCampaign("watch");
  const rounds: Findings[] = [];
  for (const started = performance.now(); goesOn(campaign, rounds, performance.now() - started); ) {
    const { random } = campaign;
    const historyMaxRevisions = random.pick([200, 1_000, 1_000_000]);
    const found = await runRound({ random, stirMs: STIR_MS, clients: 150, historyMaxRevisions, kills: 1 });
    expect(found.faults.slice(0, SHOWN), `round ${rounds.length} of --seed ${campaign.seed}`).toEqual([]);
    rounds.push(found);
  }
  console.log(`faults: watch: ${summary(rounds)}`);
  expect(sum(rounds, "changes")).toBeGreaterThanOrEqual(MIN_CHANGES);
});

function goesOn(campaign: Campaign, rounds: readonly Findings[], elapsedMs: number): boolean {
  const budgetMs = campaign.budgetMs(PART);
  if (elapsedMs + STIR_MS / 2 < budgetMs) return true;
  return sum(rounds, "changes") < MIN_CHANGES && elapsedMs < budgetMs * STRETCH;
}

function summary(rounds: readonly Findings[]): string {
  const of = (name: keyof Omit<Findings, "faults">) => sum(rounds, name).toLocaleString("en");
  return [
    `${of("changes")} delivered changes judged (${of("inFullSets")} of them in full sets)`,
    `${of("streams")} streams (${of("resumed")} resumed, ${of("resets")} reset)`,
    `${of("bookmarks")} bookmarks`,
    `${of("merged")} merged`,
    `${of("revisions")} revisions`,
    `${rounds.length} kills`,
    "0 wrong",
  ].join(", ");
}

function sum(rounds: readonly Findings[], name: keyof Omit<Findings, "faults">): number {
  return rounds.reduce((total, round) => total + round[name], 0);
}
