import { open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../support/campaign.js";

/** A way in which the bytes of a file go wrong. */
export type Damage =
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "fill"; readonly at: number; readonly bytes: readonly number[] }
  | { readonly kind: "zero"; readonly at: number; readonly length: number }
  | { readonly kind: "cut"; readonly length: number }
  | { readonly kind: "grow"; readonly bytes: readonly number[] }
  | { readonly kind: "replace"; readonly base64: string }
  | { readonly kind: "remove" };

/** One thing that happens to one file of a directory. */
export interface Accident {
  readonly file: string;
  readonly damage: Damage;
}

/** A file that can be damaged. */
export interface Victim {
  readonly file: string;
  readonly length: number;
}

const MAX_RANGE = 600;

/** Any accident; longer files are hit more often, short ones not seldom. */
export function anyAccident(random: Random, victims: readonly Victim[]): Accident {
  const { file, length } = pickVictim(random, victims);
  return { file, damage: anyDamage(random, length) };
}

/** Makes it happen; never beyond the end of the file, unless it grows. */
export async function damage(directory: string, { file, damage: how }: Accident): Promise<void> {
  const path = join(directory, file);
  if (how.kind === "remove") await rm(path);
  else if (how.kind === "cut") await truncate(path, how.length);
  else if (how.kind === "replace") await writeFile(path, how.base64, "base64");
  else if (how.kind === "grow") await writeFile(path, Uint8Array.from(how.bytes), { flag: "a" });
  else if (how.kind === "flip") await overwrite(path, how.at, [((await readFile(path))[how.at] ?? 0) ^ (1 << how.bit)]);
  else await overwrite(path, how.at, how.kind === "fill" ? how.bytes : new Uint8Array(how.length));
}

async function overwrite(path: string, at: number, bytes: Uint8Array | readonly number[]): Promise<void> {
  await using file = await open(path, "r+");
  const { size } = await file.stat();
  await file.write(Uint8Array.from(bytes).subarray(0, Math.max(0, size - at)), 0, undefined, at);
}

function pickVictim(random: Random, victims: readonly Victim[]): Victim {
  if (random.chance(0.4)) return random.pick(victims);
  let at = random.below(victims.reduce((sum, { length }) => sum + length, 0));
  for (const victim of victims) {
    if (at < victim.length) return victim;
    at -= victim.length;
  }
  return random.pick(victims);
}

function anyDamage(random: Random, length: number): Damage {
  if (length === 0 || random.chance(0.02)) return { kind: "remove" };
  const at = random.below(length);
  const range = 1 + random.below(MAX_RANGE);
  const noise = () => Array.from({ length: range }, () => random.below(256));
  const kind = random.pick(["flip", "flip", "flip", "byte", "noise", "zero", "cut", "grow"] as const);
  if (kind === "flip") return { kind, at, bit: random.below(8) };
  if (kind === "byte") return { kind: "fill", at, bytes: [random.below(256)] };
  if (kind === "noise") return { kind: "fill", at, bytes: noise() };
  if (kind === "zero") return { kind, at, length: range };
  if (kind === "cut") return { kind, length: at };
  return { kind, bytes: noise() };
}
