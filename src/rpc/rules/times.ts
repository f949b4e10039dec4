import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type * as z from "zod";
import { durationMsFromProto } from "../translate/index.js";
import { custom, type Report, requiredMessage } from "./message-rules.js";

const MAX_DURATION_SECONDS = 315_576_000_000n;
const MIN_TIMESTAMP_SECONDS = -62_135_596_800n;
const MAX_TIMESTAMP_SECONDS = 253_402_300_799n;
const MAX_NANOS = 999_999_999;

/** Bounds of a duration, in milliseconds. */
export interface DurationBounds {
  readonly minMs: number;
  readonly maxMs: number;
  /** Whether zero may stand beside the bounds. */
  readonly zero?: boolean;
}

/** A duration that may be unset. */
export function duration(bounds: DurationBounds): z.ZodType {
  const error = `must be ${inWords(bounds.minMs)} to ${inWords(bounds.maxMs)}${bounds.zero ? ", or 0" : ""}`;
  return custom<Duration>((value, report) => {
    if (!isDuration(value))
      return report([], "must be a well-formed Duration: seconds and nanos of one sign, in range");
    const ms = durationMsFromProto(value);
    const allowed = (ms >= bounds.minMs && ms <= bounds.maxMs) || (bounds.zero === true && ms === 0);
    if (!allowed) report([], error);
  });
}

/** A point in time that may be unset. */
export const timestamp: z.ZodType = custom(checkTimestamp);

/** A point in time that must be there. */
export const requiredTimestamp: z.ZodType = requiredMessage(checkTimestamp);

function checkTimestamp(value: Timestamp, report: Report): void {
  if (!isTimestamp(value)) report([], "must be a time of the years 1 to 9999 with nanos of 0 to 999,999,999");
}

/** True when both are there and `end` is before `start`. */
export function isReversed(start: Timestamp | undefined, end: Timestamp | undefined): boolean {
  if (!start || !end) return false;
  return end.seconds < start.seconds || (end.seconds === start.seconds && end.nanos < start.nanos);
}

/** True for a duration within protobuf's range whose parts have one sign. */
export function isDuration(value: Duration): boolean {
  const { seconds, nanos } = value;
  if (seconds < -MAX_DURATION_SECONDS || seconds > MAX_DURATION_SECONDS || Math.abs(nanos) > MAX_NANOS) return false;
  return !(seconds > 0n && nanos < 0) && !(seconds < 0n && nanos > 0);
}

function isTimestamp({ seconds, nanos }: Timestamp): boolean {
  return seconds >= MIN_TIMESTAMP_SECONDS && seconds <= MAX_TIMESTAMP_SECONDS && nanos >= 0 && nanos <= MAX_NANOS;
}

/** 90000 -> "90 s". */
function inWords(ms: number): string {
  if (ms === 0) return "0";
  if (ms % 86_400_000 === 0 && ms > 86_400_000) return `${ms / 86_400_000} d`;
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  if (ms % 60_000 === 0) return `${ms / 60_000} min`;
  return ms % 1_000 === 0 ? `${ms / 1_000} s` : `${ms} ms`;
}
