import { isIP } from "node:net";
import { z } from "zod";

/** What a setting's text may be, and what it means to the program. */
export interface Kind<T> {
  /** Turns text into a value, or says in one sentence what is allowed. */
  readonly schema: z.ZodType<T, string>;
  /** What is allowed, for the table of settings. */
  readonly range: string;
}

/** An address to listen on. */
export interface ListenAddress {
  /** An IP literal without brackets, or a DNS name. */
  readonly host: string;
  /** 0 means any free one. */
  readonly port: number;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** "250ms", "30s", "1m30s", "2h": milliseconds. */
export function duration(min: string, max: string): Kind<number> {
  const range = `${min} to ${max}`;
  return {
    range,
    schema: parsed(durationMs, (ms) => within(ms, durationMs(min), durationMs(max)), `a time from ${range}`),
  };
}

/** As `duration`, or "off": undefined. */
export function durationOrOff(min: string, max: string): Kind<number | undefined> {
  return orOff(duration(min, max));
}

/** "64KiB", "4MiB", "1GiB", or plain bytes: bytes. */
export function size(min: string, max: string): Kind<number> {
  const range = `${min} to ${max}`;
  return {
    range,
    schema: parsed(bytes, (n) => within(n, bytes(min), bytes(max)), `a size from ${range}, such as 4MiB`),
  };
}

/** A whole number. */
export function count(min: number, max: number): Kind<number> {
  const range = `${min.toLocaleString("en")} to ${max.toLocaleString("en")}`;
  const whole = (text: string) => (/^\d[\d_]*$/.test(text) ? Number(text.replaceAll("_", "")) : undefined);
  return { range, schema: parsed(whole, (n) => within(n, min, max), `a whole number from ${range}`) };
}

/** One of some words. */
export function choice<const W extends string>(...words: W[]): Kind<W> {
  const range = words.join(", ");
  const known = (text: string) => words.find((word) => word === text);
  return { range, schema: parsed(known, () => true, `one of ${range}`) };
}

/** On or off. */
export function flag(): Kind<boolean> {
  const words = new Map([
    ["true", true],
    ["false", false],
  ]);
  const known = (text: string) => words.get(text);
  return { range: "true, false", schema: parsed(known, () => true, "true or false") };
}

/** Any text but the empty one. */
export function text(range: string): Kind<string> {
  return {
    range,
    schema: parsed(
      (value) => value,
      (value) => value !== "",
      range,
    ),
  };
}

/** "127.0.0.1:7070", "[::1]:7070", "localhost:7070". */
export function address(): Kind<ListenAddress> {
  return {
    range: "host:port; an IPv6 host in brackets; port 0 is any free one",
    schema: parsed(listenAddress, () => true, "host:port, such as 127.0.0.1:7070 or [::1]:7070"),
  };
}

/** Words, and ranges such as 10.0.0.0/8, with commas between them. */
export function addressRanges(...words: string[]): Kind<string> {
  const known = new Set(words);
  const range = `${words.join(", ")} and ranges such as 203.0.113.0/24, with commas between them`;
  const parts = (value: string) => value.split(",").map((part) => part.trim());
  const isRange = (part: string) => {
    const [base = "", bits = ""] = part.split("/");
    const most = isIP(base) === 4 ? 32 : 128;
    return isIP(base) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
  };
  const right = (value: string) => parts(value).every((part) => known.has(part) || isRange(part));
  return { range, schema: parsed((value) => parts(value).join(","), right, `made of ${range}`) };
}

/** As `address`, or "off": undefined. */
export function addressOrOff(): Kind<ListenAddress | undefined> {
  return orOff(address());
}

function orOff<T>(kind: Kind<T>): Kind<T | undefined> {
  const off = z.literal("off").transform(() => undefined);
  const schema = z.string().transform((value, context) => {
    if (off.safeParse(value).success) return undefined;
    const result = kind.schema.safeParse(value);
    if (result.success) return result.data;
    context.issues.push({ code: "custom", message: `${result.error.issues[0]?.message}, or off`, input: value });
    return z.NEVER;
  });
  return { range: `${kind.range}, or off`, schema };
}

function parsed<T>(
  parse: (text: string) => T | undefined,
  allowed: (value: T) => boolean,
  expected: string,
): z.ZodType<T, string> {
  return z.string().transform((value, context) => {
    const result = parse(value.trim());
    if (result !== undefined && allowed(result)) return result;
    context.issues.push({ code: "custom", message: `must be ${expected}`, input: value });
    return z.NEVER;
  });
}

function durationMs(value: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(value)) return undefined;
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ""] ?? Number.NaN);
  }
  return total;
}

function bytes(value: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB)?$/.exec(value);
  return match ? Math.round(Number(match[1]) * (UNIT_BYTES[match[2] ?? "B"] ?? Number.NaN)) : undefined;
}

function listenAddress(value: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(value);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port <= 65_535 ? { host, port } : undefined;
}

function within(value: number, min: number | undefined, max: number | undefined): boolean {
  return min !== undefined && max !== undefined && value >= min && value <= max;
}
