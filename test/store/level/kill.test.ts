import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import type { Entity, keyOf } from "../../../src/model/index.js";
import { openLevelStore, type Store } from "../../../src/store/index.js";
import { collect, fold, sorted, stateOf } from "../../suites/store/kit.js";
import { keyOfInstance } from "../../support/entities.js";
import { storeOptions } from "../../support/store-options.js";
import type { Acknowledged } from "./committer.js";

const ROUNDS = 3;
const COMMITTER = fileURLToPath(new URL("./committer.mjs", import.meta.url));

test("an acknowledged write survives SIGKILL, and what was not acknowledged is wholly there or not at all", {
  timeout: 120_000,
}, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "portolan-kill-"));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  let revision = 0n;
  for (let round = 0; round < ROUNDS; round++) {
    const acknowledged = await commitAndKill(dataDir, 50 + Math.floor(Math.random() * 1_000));
    await using store = await openLevelStore(storeOptions({ dataDir }));
    const newest = acknowledged.reduce(
      (most, line) => (BigInt(line.revision) > most ? BigInt(line.revision) : most),
      0n,
    );
    expect(newest).toBeGreaterThan(revision);
    expect(store.status().revision).toBeGreaterThanOrEqual(newest);
    expectHolds(store, acknowledged);
    expectWhole(store);
    await expectReplays(store);
    revision = store.status().revision;
  }
});

/** Lets a process commit and kills it after so many answers; the answers that it gave. */
async function commitAndKill(dataDir: string, answers: number): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [COMMITTER, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const acknowledged: Acknowledged[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(JSON.parse(line) as Acknowledged);
    if (acknowledged.length === answers) child.kill("SIGKILL");
  }
  expect(await exited).toEqual([null, "SIGKILL"]);
  return acknowledged;
}

/** Everybody's last answer holds, unless a later commit of his, which was not answered, became durable too. */
function expectHolds(store: Store, acknowledged: readonly Acknowledged[]): void {
  const last = new Map(acknowledged.map((line) => [line.id, line]));
  for (const { id, revision, version } of last.values()) {
    const entity = store.peek(keyOfInstance("pay", id));
    if (entity?.value.modRevision === BigInt(revision)) expect(entity.value).toMatchObject({ version });
    else if (version !== undefined && entity === undefined)
      expect(store.status().revision).toBeGreaterThan(BigInt(revision));
    else if (entity) expect(entity.value.modRevision).toBeGreaterThan(BigInt(revision));
  }
}

/** Twins are put and deleted together, and a session record rides with its instance. */
function expectWhole(store: Store): void {
  const sessions = new Map(store.sessions().map(({ id, client }) => [id, client]));
  for (const [key, entity] of stateOf(store.snapshot())) {
    if (key.endsWith("-twin") || entity.kind !== "instance") continue;
    const { id, version, modRevision } = entity.value;
    expect(store.peek(keyOfInstance("pay", `${id}-twin`))?.value).toMatchObject({ version, modRevision });
    expect(sessions.get(id)).toBe(version);
  }
}

/** The log leads from nothing to exactly the state. */
async function expectReplays(store: Store): Promise<void> {
  const changes = await collect(store.changes({ after: 0n }));
  const replayed = fold(new Map<ReturnType<typeof keyOf>, Entity>(), changes);
  expect(sorted(replayed)).toEqual(sorted(stateOf(store.snapshot())));
}
