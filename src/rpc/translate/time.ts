import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";

const NANOS_PER_MS = 1_000_000;
const MAX_NANOS = 999_999_999;

/** A length of time in milliseconds as a Duration. */
export function durationToProto(ms: number): Duration {
  const seconds = Math.trunc(ms / 1_000);
  return { $typeName: "google.protobuf.Duration", seconds: BigInt(seconds), nanos: nanosAfter(ms, seconds) };
}

/** A Duration in milliseconds; what is finer stands behind the point. */
export function durationMsFromProto(duration: Duration): number {
  return Number(duration.seconds) * 1_000 + duration.nanos / NANOS_PER_MS;
}

/** Wall-clock milliseconds since the epoch as a Timestamp, whose nanos count forward also before the epoch. */
export function timestampToProto(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1_000);
  return { $typeName: "google.protobuf.Timestamp", seconds: BigInt(seconds), nanos: nanosAfter(ms, seconds) };
}

/** A Timestamp in wall-clock milliseconds since the epoch; what is finer stands behind the point. */
export function timestampMsFromProto(timestamp: Timestamp): number {
  return Number(timestamp.seconds) * 1_000 + timestamp.nanos / NANOS_PER_MS;
}

function nanosAfter(ms: number, seconds: number): number {
  return Math.min(MAX_NANOS, Math.round((ms - seconds * 1_000) * NANOS_PER_MS));
}
