import { DomainError } from "../../model/index.js";
import type { EventCursor, LogCursor } from "../../telemetry/index.js";

/** The page of who does not say how long it should be. */
const DEFAULT_PAGE_SIZE = 100;

/** A page's length. */
export function pageSizeOf(request: { readonly pageSize: number }): number {
  return request.pageSize === 0 ? DEFAULT_PAGE_SIZE : request.pageSize;
}

/** A place in the logs as a token's payload. */
export function logCursorText({ timeNs, sequence }: LogCursor): string {
  return `${timeNs}/${sequence}`;
}

/** @throws DomainError PAGE_TOKEN_INVALID. */
export function parseLogCursor(text: string): LogCursor {
  const [timeNs, sequence] = numbers(text, 2);
  return { timeNs: BigInt(timeNs ?? 0), sequence: Number(sequence) };
}

/** A place in the events as a token's payload. */
export function eventCursorText({ timeMs, place }: EventCursor): string {
  return `${timeMs}/${place.revision}/${place.order}`;
}

/** @throws DomainError PAGE_TOKEN_INVALID. */
export function parseEventCursor(text: string): EventCursor {
  const [timeMs, revision, order] = numbers(text, 3);
  return { timeMs: Number(timeMs), place: { revision: BigInt(revision ?? 0), order: Number(order) } };
}

/** Tokens are signed, so only one of another version can fail here. */
function numbers(text: string, count: number): string[] {
  const parts = text.split("/");
  if (parts.length === count && parts.every((part) => /^\d+$/.test(part))) return parts;
  throw new DomainError({ reason: "PAGE_TOKEN_INVALID" });
}
