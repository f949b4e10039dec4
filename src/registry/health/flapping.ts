import { type Health, type Hold, isWorse } from "../../model/index.js";

/** When an instance flaps, and what follows. */
export interface FlapLimits {
  /** Changes of health within a minute that are too many. 0 turns it off. */
  readonly maxChangesPerMinute: number;
  /** How long the first hold lasts, in milliseconds; each one that follows lasts twice as long. */
  readonly baseHoldMs: number;
  /** The longest hold, in milliseconds. */
  readonly maxHoldMs: number;
}

/** What is remembered of an instance that changes. */
export interface FlapHistory {
  /** Wall clock of its latest changes of health, oldest first. */
  readonly changesMs: readonly number[];
  /** How many holds in a row there were. */
  readonly holds: number;
}

export const CALM: FlapHistory = { changesMs: [], holds: 0 };

const WINDOW_MS = 60_000;

/** Notes a change; what is older than a minute is forgotten. */
export function noteChange(history: FlapHistory, nowMs: number, { maxChangesPerMinute }: FlapLimits): FlapHistory {
  const recent = history.changesMs.filter((ms) => ms > nowMs - WINDOW_MS && ms <= nowMs);
  return { ...history, changesMs: [...recent, nowMs].slice(-Math.max(1, maxChangesPerMinute)) };
}

/**
 * The hold that keeps an instance from getting better now; undefined when it may.
 *
 * Getting worse is never held: only good news has to wait.
 */
export function holdOf(
  history: FlapHistory,
  step: { readonly from: Health; readonly to: Health; readonly nowMs: number },
  limits: FlapLimits,
): Hold | undefined {
  const { from, to, nowMs } = step;
  const { maxChangesPerMinute, baseHoldMs, maxHoldMs } = limits;
  if (maxChangesPerMinute === 0 || !isWorse(from, to)) return undefined;
  const changes = history.changesMs.filter((ms) => ms > nowMs - WINDOW_MS && ms <= nowMs).length;
  if (changes < maxChangesPerMinute) return undefined;
  const lastsMs = Math.min(maxHoldMs, baseHoldMs * 2 ** Math.min(history.holds, 20));
  const reason = `held for ${lastsMs / 1_000} s: its health changed ${changes} times within a minute`;
  return { health: from, reason, untilMs: nowMs + lastsMs, times: history.holds + 1 };
}
