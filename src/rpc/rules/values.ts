import type { DescEnum } from "@bufbuild/protobuf";
import * as z from "zod";
import { count, custom } from "./message-rules.js";

/** Text of at most `max` characters (code points, as people count them). */
export function textUpTo(max: number): z.ZodType {
  return z.string().refine((value) => isShort(value, max), { error: `must have at most ${count(max)} characters` });
}

/** Text of `min` to `max` characters. */
export function textFromTo(min: number, max: number): z.ZodType {
  const error = `must have ${count(min)} to ${count(max)} characters`;
  return z.string().refine((value) => value.length >= min && isShort(value, max), { error });
}

function isShort(value: string, max: number): boolean {
  if (value.length <= max) return true;
  return value.length <= 2 * max && [...value].length <= max;
}

/** Text of at most `max` bytes in UTF-8. */
export function bytesUpTo(max: number): z.ZodType {
  return z.string().refine((value) => fitsBytes(value, max), { error: `must have at most ${count(max)} bytes` });
}

/** True when a text has at most `max` bytes in UTF-8. */
export function fitsBytes(value: string, max: number): boolean {
  return value.length <= max && (value.length * 3 <= max || Buffer.byteLength(value) <= max);
}

/** Text that matches a pattern. */
export function textLike(pattern: RegExp, error: string): z.ZodType {
  return z.string().regex(pattern, { error });
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): z.ZodType {
  const error = min === 0 ? `must be at most ${count(max)}` : `must be ${count(min)} to ${count(max)}`;
  return z.number().refine((value) => Number.isInteger(value) && value >= min && value <= max, { error });
}

/** A number that is finite and not negative. */
export const finite: z.ZodType = custom<number>((value, report) => {
  if (!Number.isFinite(value) || value < 0) report([], "must be a finite number of at least 0");
});

/** A revision, or 0. */
export const revision: z.ZodType = z.bigint().refine((value) => value >= 0n, { error: "must be at least 0" });

/** The modRevision that a write expects; unset expects nothing. */
export const expectedRevision = revision.optional();

/** How many entries a page has; 0 means the default. */
export const pageSize = integer(0, 1_000);

/** A page token: what is in it is checked when it is opened. */
export const pageToken = textUpTo(4_096);

/** A value that the enum names. @param unset whether the value 0 may stand. */
export function known(desc: DescEnum, unset: boolean): z.ZodType {
  const values = desc.values.filter((value) => unset || value.number !== 0);
  const numbers = new Set(values.map((value) => value.number));
  const error = `must be one of ${values.map((value) => value.name).join(", ")}`;
  return z.number().refine((value) => numbers.has(value), { error });
}

/** key -> value: at most 64 pairs, keys of 1 to 128 bytes, values of up to `maxValueBytes`. */
export function labels(maxValueBytes: number): z.ZodType {
  return custom<Readonly<Record<string, string>>>((map, report) => {
    let pairs = 0;
    for (const key in map) {
      if (++pairs > MAX_LABELS) return report([], `must have at most ${MAX_LABELS} pairs`);
      if (key === "" || !fitsBytes(key, MAX_KEY_BYTES)) report([key], `must have a key of 1 to ${MAX_KEY_BYTES} bytes`);
      if (!fitsBytes(map[key] ?? "", maxValueBytes)) {
        report([key], `must have a value of at most ${count(maxValueBytes)} bytes`);
      }
    }
  });
}

const MAX_LABELS = 64;
const MAX_KEY_BYTES = 128;
