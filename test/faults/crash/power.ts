import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { openLevelStore, type Store } from "../../../src/store/index.js";
import { ACKNOWLEDGED_FILE, readAcknowledged } from "../../../src/store/level/acknowledged.js";
import { startDirectory } from "../../support/directory.js";
import { anInstance } from "../../support/entities.js";
import { storeOptions } from "../../support/store-options.js";
import type { Campaign, Random } from "../support/campaign.js";
import type { Accident } from "./damage.js";
import { commitSome, makeDirectory } from "./directories.js";
import { type Memory, Recorder } from "./memory.js";
import type { Trial } from "./opener.js";
import { runTrials, Tally } from "./opener-process.js";

/** What a disk does or leaves as a whole. */
const PAGE_BYTES = 4096;
const MARK = join("state", ACKNOWLEDGED_FILE);

/** How things stood when a batch had been synced and answered, and no other was under way. */
interface Moment {
  readonly memory: Memory;
  /** How long LevelDB's log was: all of it was synced. */
  readonly logLength: number;
  /** The file of the mark, as it was in the page cache. */
  readonly mark: string;
}

interface Recording {
  readonly log: string;
  readonly moments: readonly Moment[];
}

/** Cuts the power at the bytes of a log, over and over, until the time is up and at least `least` were tried. */
export async function cutPower(campaign: Campaign, least: number, ms: number): Promise<Tally> {
  const tally = new Tally();
  const end = performance.now() + ms;
  while (performance.now() < end || tally.trials < least) {
    await using directory = await startDirectory();
    const source = join(directory.path, "data");
    const recording = await record(source, campaign.random);
    const moments = recording.moments.map(({ memory }) => memory);
    await runTrials({ source, moments, trials: [...lostPages(recording, campaign.random)] }, tally);
    await runTrials({ source, moments, trials: [...everyCut(recording, campaign.random)] }, tally);
    if (tally.bad.length > 0) break;
  }
  return tally;
}

/** Small batches, then one of many pages. */
async function record(dataDir: string, random: Random): Promise<Recording> {
  const recorder = new Recorder();
  await makeDirectory(dataDir, random, { openings: 2, commitsEach: 3, compacted: 0 }, recorder);
  await using store = await openLevelStore(storeOptions({ dataDir }));
  recorder.attend(store);
  const log = await newestLog(dataDir);
  const moments: Moment[] = [await momentOf(dataDir, log, recorder.remember(store))];
  for (let batch = 0; batch < 6; batch++) {
    await (batch < 5 ? commitSome(store, random) : commitMuch(store, random));
    moments.push(await momentOf(dataDir, log, recorder.remember(store)));
  }
  return { log, moments };
}

/**
 * Lengths that the log can have had when the power failed: all that was synced, and any part of the batch after it. The
 * mark may be as new as what was synced, older, or gone. And lengths that it cannot have had, given the newest mark: that is
 * a disk which lost what it had promised to keep. Of one batch each length is tried, of the others one in ten.
 */
function* everyCut({ log, moments }: Recording, random: Random): Generator<Trial> {
  const last = moments.at(-1);
  const thorough = random.below(moments.length - 2);
  for (const [index, moment] of moments.entries()) {
    const next = moments[index + 1];
    const marks = moments.slice(0, index + 1).map(({ mark }) => mark);
    const end = next ? Math.min(next.logLength, moment.logLength + PAGE_BYTES) : moment.logLength + 1;
    for (let length = moment.logLength; length < end; length++) {
      const edge = length === moment.logLength || length === end - 1;
      if (index !== thorough && !edge && random.chance(0.9)) continue;
      const cut: Accident = { file: log, damage: { kind: "cut", length } };
      const accidents = [cut, ...markAccident(marks, length)];
      yield { accidents, moments: [index], refusal: false };
      if (last && length < last.logLength && length % 3 === 0) yield { accidents: [cut], moments: [], refusal: true };
    }
  }
}

/** Pages of the batch that was not synced are lost or zero, while others after them are there. */
function* lostPages({ log, moments }: Recording, random: Random): Generator<Trial> {
  const [synced, whole] = moments.slice(-2);
  if (!synced || !whole) throw new RangeError("nothing was recorded");
  const pages = Math.ceil((whole.logLength - synced.logLength) / PAGE_BYTES);
  for (let trial = 0; trial < 100; trial++) {
    const accidents: Accident[] = [{ file: MARK, damage: { kind: "replace", base64: synced.mark } }];
    for (let page = 0; page < pages; page++) {
      const at = Math.max(synced.logLength, (Math.floor(synced.logLength / PAGE_BYTES) + page) * PAGE_BYTES);
      if (random.chance(0.3))
        accidents.push({ file: log, damage: { kind: "zero", at, length: PAGE_BYTES - (at % PAGE_BYTES) } });
    }
    if (random.chance(0.5)) {
      const length = synced.logLength + random.below(whole.logLength - synced.logLength);
      accidents.push({ file: log, damage: { kind: "cut", length } });
    }
    yield { accidents, moments: [moments.length - 2, moments.length - 1], refusal: false };
  }
}

/** The mark that a power failure leaves: the newest possible, an older one, an empty or zeroed file, or none. */
function markAccident(marks: readonly string[], turn: number): Accident[] {
  const [newest = "", oldest = ""] = [marks.at(-1), marks[0]];
  const zeros = Buffer.alloc(PAGE_BYTES).toString("base64");
  const left = [newest, newest, oldest, "", zeros][turn % 6];
  if (left === undefined) return [{ file: MARK, damage: { kind: "remove" } }];
  return [{ file: MARK, damage: { kind: "replace", base64: left } }];
}

async function momentOf(dataDir: string, log: string, memory: Memory): Promise<Moment> {
  const { size } = await stat(join(dataDir, log));
  for (;;) {
    const mark = await readAcknowledged(join(dataDir, "state"));
    if (typeof mark === "object" && String(mark.revision) === memory.revision) break;
  }
  return { memory, logLength: size, mark: (await readFile(join(dataDir, MARK))).toString("base64") };
}

async function newestLog(dataDir: string): Promise<string> {
  const logs = (await readdir(join(dataDir, "state"))).filter((name) => name.endsWith(".log")).sort();
  return join("state", logs.at(-1) ?? "");
}

/** One batch that fills some forty pages. */
async function commitMuch(store: Store, random: Random): Promise<void> {
  const version = "x".repeat(100 + random.below(100));
  const puts = Array.from({ length: 200 }, (_, index) => anInstance("much", String(index), { version }));
  await store.commit({ actor: "a", cause: "register", puts });
}
