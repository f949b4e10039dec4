import type { InstanceRef } from "./instance.js";

/** What is remembered of a session across restarts: enough to resume it, not who is connected now. */
export interface SessionRecord {
  readonly id: string;
  /** Who holds it, for people. */
  readonly client: string;
  /** How long its instances outlive a broken stream. */
  readonly ttlMs: number;
  /** SHA-256 of the resume token: the token itself is known to the client alone. */
  readonly tokenHash: Uint8Array;
  readonly openedAtMs: number;
  /** Instances that another holder took from it: its requests for them are refused. */
  readonly fenced: readonly InstanceRef[];
}
