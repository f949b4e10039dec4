import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import { InvalidArgumentError } from "commander";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The longest that a protobuf Duration holds: 10,000 years. */
const MAX_MS = 315_576_000_000_000;

/**
 * Reads "30s", "1h30m", "250ms", "2d"; a bare "0" is nothing, any other bare number lacks its unit.
 *
 * @returns milliseconds.
 * @throws InvalidArgumentError (of commander) that says what is allowed.
 */
export function parseDuration(text: string): number {
  if (text === "0") return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== text) {
    throw new InvalidArgumentError(`"${text}" is not a duration: write 500ms, 30s, 5m, 1h30m or 2d.`);
  }
  const ms = Math.round(parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ""] ?? 0), 0));
  if (ms > MAX_MS) throw new InvalidArgumentError("it must be 10,000 years or shorter.");
  return ms;
}

/** Milliseconds as a protobuf Duration. */
export function durationOf(ms: number): Duration {
  return create(DurationSchema, { seconds: BigInt(Math.trunc(ms / 1_000)), nanos: Math.trunc(ms % 1_000) * 1_000_000 });
}

/** Milliseconds for people, in at most two units: "250ms", "42s", "3m 20s", "2h 5m", "12d". */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), "m", seconds % 60, "s");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return pair(Math.floor(minutes / 60), "h", minutes % 60, "m");
  const hours = Math.floor(minutes / 60);
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit} ${small}${smallUnit}`;
}
