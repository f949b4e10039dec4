import { expect, test } from "vitest";
import { inProject } from "../support/process/paths.js";
import { run as runProgram } from "../support/process/program.js";
import { CORRUPTIONS } from "./linearizability/corrupt.js";
import { judge } from "./linearizability/lincheck.js";
import { Run } from "./linearizability/run.js";
import { startCampaign } from "./support/campaign.js";

const MIN_ANSWERED = 100_000;
/** For which the minimum is meant. */
const DEFAULT_BUDGET_MS = 120_000;
const EPOCH_MS = 30_000;
/** A busy machine gets this much more than its budget to reach the minimum. */
const PATIENCE = 3;

const campaign = startCampaign("linearizability");

test("the checker accepts good histories and finds every planted fault", async () => {
  const { code, output } = await runProgram({
    file: "go",
    args: ["-C", inProject("test/faults/lincheck"), "test", "."],
  });
  expect(code, output).toBe(0);
});

test("the checker finds a fault that is planted among real answers", async () => {
  await using run = await Run.start(campaign);
  const history = await run.epoch(campaign.budgetMs(0.02));
  expect(await judge(history, "unharmed", true)).toMatchObject({ legal: true });
  for (const [name, corrupt] of Object.entries(CORRUPTIONS)) {
    const { legal, output } = await judge(corrupt(history, campaign.random), "planted", false);
    expect(legal, `${name}\n${output}`).toBe(false);
  }
});

test("what clients are told through kills, restarts and broken connections is linearizable", async () => {
  const budgetMs = campaign.budgetMs(0.95);
  const wanted = MIN_ANSWERED * Math.min(1, campaign.budgetMs() / DEFAULT_BUDGET_MS);
  const startedMs = performance.now();
  const elapsedMs = () => performance.now() - startedMs;
  await using run = await Run.start(campaign);
  while (elapsedMs() < budgetMs - EPOCH_MS || (run.answered < wanted && elapsedMs() < PATIENCE * budgetMs)) {
    const history = await run.epoch(Math.min(EPOCH_MS, budgetMs / 2));
    const name = `seed-${campaign.seed}-epoch-${run.epochs}`;
    const { legal, output } = await judge(history, name, true);
    expect(legal, `--seed ${campaign.seed}, epoch ${run.epochs}, ${output}`).toBe(true);
  }
  console.log(`faults: linearizability: ${run.summary}, all linearizable, ${Math.round(elapsedMs() / 1_000)} s`);
  expect(run.answered).toBeGreaterThanOrEqual(wanted);
});
