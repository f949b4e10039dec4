import type { Command } from "commander";
import type { CommonOptions } from "../context.js";
import { durationOf, formatDuration, parseDuration } from "../duration.js";

/** What `drain` and `override` are told beside what they are about. */
export interface OrderOptions extends CommonOptions {
  readonly reason: string;
  readonly for?: number;
  readonly clear?: true;
}

/** Adds the options of an order. */
export function withOrder(command: Command): Command {
  return command
    .option("--reason <text>", "why, for people", "ordered by hand")
    .option("--for <duration>", "end it by itself after so long (default: when it is cleared)", parseDuration)
    .option("--clear", "take the order back");
}

/** How long an order lasts, as a request says it. */
export function lasting(options: OrderOptions): { expiresAfter?: ReturnType<typeof durationOf> } {
  return options.for === undefined ? {} : { expiresAfter: durationOf(options.for) };
}

/** How long an order lasts, for people. */
export function formatLasting(options: OrderOptions): string {
  return options.for === undefined ? "until cleared" : `for ${formatDuration(options.for)}`;
}
