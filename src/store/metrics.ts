import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** What the store counts. */
export type StoreMetrics = ReturnType<typeof createStoreMetrics>;

/** Registers the store's metrics; once per registry. */
export function createStoreMetrics(register: Registry) {
  const registers = [register];
  return {
    commitSeconds: new Histogram({
      name: "portolan_store_commit_duration_seconds",
      help: "From a commit's arrival until it is durable.",
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    fsyncs: new Counter({
      name: "portolan_store_fsyncs_total",
      help: "Batches that were made durable, each by one fsync.",
      registers,
    }),
    batchCommits: new Histogram({
      name: "portolan_store_batch_commits",
      help: "Commits that shared one batch.",
      buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000],
      registers,
    }),
    batchBytes: new Histogram({
      name: "portolan_store_batch_bytes",
      help: "Encoded bytes of one batch.",
      buckets: [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304],
      registers,
    }),
    writeFailures: new Counter({
      name: "portolan_store_write_failures_total",
      help: "Writes and recoveries that failed.",
      registers,
    }),
    pendingCommits: gauge("portolan_store_pending_commits", "Commits that wait for the disk.", registers),
    revision: gauge("portolan_store_durable_revision", "Newest durable revision.", registers),
    compactedRevision: gauge(
      "portolan_store_compacted_revision",
      "History after this revision is readable.",
      registers,
    ),
    historyRevisions: gauge("portolan_store_history_revisions", "Revisions that history keeps.", registers),
    writable: gauge("portolan_store_writable", "1 while writes succeed, 0 while they fail.", registers),
    entities: new Gauge({
      name: "portolan_store_state_entities",
      help: "Entities in the durable state.",
      labelNames: ["kind"] as const,
      registers,
    }),
  };
}

function gauge(name: string, help: string, registers: Registry[]): Gauge {
  return new Gauge({ name, help, registers });
}
