import { invalidField } from "../../model/index.js";
import type { Clock } from "../../stream/index.js";
import type { Disk } from "../disk/disk.js";
import type { Flusher } from "../disk/flusher.js";
import { numberedKey, parseFirst } from "../disk/keys.js";
import type { CallStats } from "./call-stats.js";
import { WINDOW_MS } from "./call-table.js";
import { decodeCalls } from "./cell.js";
import { type CallPoint, Figures } from "./figures.js";
import { codeName } from "./status-codes.js";

/** By what calls are told apart. */
export type CallGrouping = "consumer" | "instance" | "method" | "code";

/** Which calls, when, and how they are told apart; empty strings sum over all. */
export interface CallQuery {
  readonly namespace: string;
  readonly service: string;
  readonly consumer: string;
  readonly instanceId: string;
  readonly method: string;
  /** Milliseconds since the epoch; absent means an hour before the end. */
  readonly startMs?: number;
  /** Not included; absent means now. */
  readonly endMs?: number;
  /** Absent means about 60 points. Widened to a multiple of the ten seconds that are kept. */
  readonly stepMs?: number;
  readonly groupBy: ReadonlySet<CallGrouping>;
}

/** The calls of one group over time. */
export interface CallSeries {
  /** grouping -> the group's value. */
  readonly group: ReadonlyMap<CallGrouping, string>;
  /** In the order of time; steps without calls are left out. */
  readonly points: readonly CallPoint[];
}

/** Calls over time. */
export interface CallAnswer {
  /** What a point spans, in milliseconds. */
  readonly stepMs: number;
  readonly series: readonly CallSeries[];
}

/** Options of the reader of calls. */
export interface CallReaderOptions {
  readonly disk: Disk;
  readonly flusher: Flusher;
  readonly clock: Clock;
  /** The most points of one answer. */
  readonly maxPoints: number;
}

const HOUR_MS = 3_600_000;
const DEFAULT_POINTS = 60;
/** The most steps of one series. */
const MAX_STEPS = 11_000;

interface Range {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

interface Group {
  readonly key: ReadonlyMap<CallGrouping, string>;
  /** number of the step -> its calls. */
  readonly steps: Map<number, Figures>;
}

/** Reads calls back. */
export class CallReader {
  readonly #options: CallReaderOptions;

  constructor(options: CallReaderOptions) {
    this.#options = options;
  }

  /** @throws DomainError FIELDS_INVALID on `step` when there would be too many points; STORE_UNAVAILABLE. */
  async query(query: CallQuery, signal?: AbortSignal): Promise<CallAnswer> {
    const range = this.#range(query);
    const groups = new Map<string, Group>();
    let points = 0;
    for await (const [windowMs, stats] of this.records(tableFor(query), range.startMs, range.endMs)) {
      signal?.throwIfAborted();
      if (!isWanted(query, stats)) continue;
      const step = Math.floor((windowMs - range.startMs) / range.stepMs);
      points += addTo(groups, query.groupBy, step, stats);
      if (points > this.#options.maxPoints) throw tooManyPoints(`more than ${this.#options.maxPoints} points in all`);
    }
    return { stepMs: range.stepMs, series: [...groups.values()].map((group) => toSeries(group, range)) };
  }

  /** Every record of windows that begin in [start, end), with its window, everything reported before included. */
  async *records(table: "C" | "R", startMs: number, endMs: number): AsyncGenerator<[windowMs: number, CallStats]> {
    await this.#options.flusher.flush();
    const bounds = { gte: numberedKey(table, startMs), lt: numberedKey(table, Math.max(startMs, endMs)) };
    for await (const chunk of this.#options.disk.scan(bounds)) {
      for (const [key, value] of chunk) yield [parseFirst(key), decodeCalls(value)];
    }
  }

  #range(query: CallQuery): Range {
    const endMs = query.endMs ?? this.#options.clock.wallMs();
    const startMs = alignDown(query.startMs ?? endMs - HOUR_MS);
    const stepMs = alignUp(query.stepMs ?? (endMs - startMs) / DEFAULT_POINTS);
    const steps = (endMs - startMs) / stepMs;
    if (steps > MAX_STEPS) throw tooManyPoints(`${Math.ceil(steps)} points a series; at most ${MAX_STEPS}`);
    return { startMs, endMs, stepMs };
  }
}

/** The start of the window that a moment lies in. */
export function alignDown(ms: number): number {
  return Math.max(0, Math.floor(ms / WINDOW_MS) * WINDOW_MS);
}

function alignUp(ms: number): number {
  return Math.max(WINDOW_MS, Math.ceil(ms / WINDOW_MS) * WINDOW_MS);
}

function tooManyPoints(what: string): Error {
  return invalidField("step", `the range and the step give ${what}: widen the step or narrow the range`);
}

/** The roll-up answers what does not look at instances or methods, from far fewer records. */
function tableFor({ instanceId, method, groupBy }: CallQuery): "C" | "R" {
  const needsSeries = instanceId !== "" || method !== "" || groupBy.has("instance") || groupBy.has("method");
  return needsSeries ? "C" : "R";
}

function isWanted(query: CallQuery, stats: CallStats): boolean {
  return (
    (query.service === "" || query.service === stats.service) &&
    (query.namespace === "" || query.namespace === stats.namespace) &&
    (query.consumer === "" || query.consumer === stats.consumer) &&
    (query.instanceId === "" || query.instanceId === stats.instanceId) &&
    (query.method === "" || query.method === stats.method)
  );
}

/** Adds a record to its groups; answers how many points that made. */
function addTo(groups: Map<string, Group>, groupBy: ReadonlySet<CallGrouping>, step: number, stats: CallStats): number {
  const base = new Map<CallGrouping, string>();
  if (groupBy.has("consumer")) base.set("consumer", stats.consumer);
  if (groupBy.has("instance")) base.set("instance", stats.instanceId);
  if (groupBy.has("method")) base.set("method", stats.method);
  if (!groupBy.has("code")) {
    const { figures, made } = figuresOf(groups, base, step);
    figures.add(stats);
    return made;
  }
  let points = 0;
  for (const [code, calls] of stats.callsByCode) {
    const { figures, made } = figuresOf(groups, new Map(base).set("code", codeName(code)), step);
    figures.addCode(code, calls);
    points += made;
  }
  return points;
}

function figuresOf(groups: Map<string, Group>, key: ReadonlyMap<CallGrouping, string>, step: number) {
  const text = [...key.values()].join("\0");
  const group = groups.get(text) ?? { key, steps: new Map<number, Figures>() };
  groups.set(text, group);
  const known = group.steps.get(step);
  const figures = known ?? new Figures();
  if (!known) group.steps.set(step, figures);
  return { figures, made: known ? 0 : 1 };
}

function toSeries(group: Group, range: Range): CallSeries {
  const steps = [...group.steps].sort(([a], [b]) => a - b);
  const points = steps.map(([step, figures]) => {
    const startMs = range.startMs + step * range.stepMs;
    return figures.point(startMs, Math.min(range.stepMs, range.endMs - startMs));
  });
  return { group: group.key, points };
}
