import { join } from "node:path";
import { startDirectory } from "../../support/directory.js";
import type { Campaign } from "../support/campaign.js";
import { anyAccident } from "./damage.js";
import { type Making, makeDirectory, victimsIn } from "./directories.js";
import { runTrials, Tally } from "./opener-process.js";

/** A small one that is all log; one with tables; one whose tables were merged, with a long history. */
const MAKINGS: readonly Making[] = [
  { openings: 1, commitsEach: 12, compacted: 0 },
  { openings: 4, commitsEach: 10, compacted: 0.5 },
  { openings: 12, commitsEach: 25, compacted: 0.3 },
];
const PER_DIRECTORY = 150;
/** So many faults are enough to look at. */
const MAX_BAD = 20;

/** Makes directories, and damages one file of a copy, over and over, until the time is up and at least `least` were tried. */
export async function damageBytes(campaign: Campaign, least: number, ms: number): Promise<Tally> {
  const tally = new Tally();
  const end = performance.now() + ms;
  for (let round = 0; performance.now() < end || tally.trials < least; round++) {
    await using directory = await startDirectory();
    const source = join(directory.path, "data");
    const making = MAKINGS[round % MAKINGS.length] ?? campaign.random.pick(MAKINGS);
    const moments = [await makeDirectory(source, campaign.random, making)];
    const victims = await victimsIn(source);
    const trials = Array.from({ length: PER_DIRECTORY }, () => ({
      accidents: [anyAccident(campaign.random, victims)],
      moments: [0],
      refusal: true,
    }));
    await runTrials({ source, moments, trials }, tally);
    if (tally.bad.length > MAX_BAD) break;
  }
  return tally;
}
