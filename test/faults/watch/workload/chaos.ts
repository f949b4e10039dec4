import { AdminService } from "../../../../gen/portolan/admin/v1/admin_pb.js";
import type { Plane } from "../../../support/process/plane.js";
import type { Random } from "../../support/campaign.js";
import type { EventRecord } from "../truth/event-record.js";
import type { WriteLog } from "../truth/write.js";
import type { Compaction } from "../validators/finding.js";
import { pause, type Wire } from "../wire.js";

export interface ChaosOptions {
  readonly plane: Plane;
  readonly wire: Wire;
  readonly random: Random;
  readonly writes: WriteLog;
  readonly record: EventRecord;
  /** How long it goes on, in milliseconds. */
  readonly stirMs: number;
  readonly kills: number;
}

/** Compacts at random, and kills the server and starts it again now and then. */
export class Chaos {
  readonly compactions: Compaction[] = [];
  readonly #options: ChaosOptions;

  constructor(options: ChaosOptions) {
    this.#options = options;
  }

  async rage(end: AbortSignal): Promise<void> {
    const { stirMs, kills, random, plane } = this.#options;
    for (let killed = 0; killed <= kills; killed++) {
      const until = performance.now() + stirMs / (kills + 1);
      while (performance.now() < until && !end.aborted) {
        await pause(100 + random.below(1_500), end);
        await this.#compact();
      }
      if (killed === kills || end.aborted) return;
      await this.#recorded(end);
      await plane.kill();
      await plane.start();
    }
  }

  async #compact(): Promise<void> {
    const { random, writes, wire } = this.#options;
    const behind = random.chance(0.4) ? 0 : random.below(300);
    const revision = Math.max(1, writes.newest - behind);
    const compaction = { revision, askedMs: performance.now(), answeredMs: Number.POSITIVE_INFINITY };
    this.compactions.push(compaction);
    await wire.unary(AdminService.method.compact, { revision: BigInt(revision) });
    compaction.answeredMs = performance.now();
  }

  /** What is compacted and not in the record yet would be lost to it by a crash, and so to the truth. */
  async #recorded(end: AbortSignal): Promise<void> {
    const { record } = this.#options;
    const compacted = Math.max(0, ...this.compactions.map(({ revision }) => revision));
    while (record.newest <= compacted && !end.aborted) await pause(50, end);
  }
}
