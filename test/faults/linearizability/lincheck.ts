import { mkdir, rm } from "node:fs/promises";
import { inProject } from "../../support/process/paths.js";
import { run } from "../../support/process/program.js";
import { type History, writeHistory } from "./history.js";

const TIMEOUT = "120s";
/** Where histories lie while they are judged, and those stay that are not linearizable. */
const DIRECTORY = "test/faults/.tools/histories";

/** What the checker said of a history. */
export interface Judgement {
  readonly legal: boolean;
  /** Its findings and its last line, and where the history was kept. */
  readonly output: string;
}

/**
 * Judges a history. It is kept only when it is not linearizable and `keep` is set.
 *
 * @param name tells it from other histories.
 * @throws Error when it is undecided or unreadable; then the file is kept too.
 */
export async function judge(history: History, name: string, keep: boolean): Promise<Judgement> {
  await mkdir(inProject(DIRECTORY), { recursive: true });
  const path = `${DIRECTORY}/${name}.jsonl`;
  await writeHistory(inProject(path), history);
  const { code, output } = await run({
    file: inProject("test/faults/.tools/bin/lincheck"),
    args: ["-timeout", TIMEOUT, inProject(path)],
  });
  if (code !== 0 && code !== 1) throw new Error(`lincheck ended with ${code} over ${path}:\n${output}`);
  const legal = code === 0;
  if (legal || !keep) await rm(inProject(path));
  return { legal, output: legal || !keep ? output : `${path}:\n${output}` };
}
