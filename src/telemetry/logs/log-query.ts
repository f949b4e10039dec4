import type { Filter } from "../filter.js";
import type { LogRecord } from "./log-record.js";

/** Which records a reader wants; an empty string and a severity of 0 let everything pass. */
export interface LogQuery {
  /** Empty means every namespace. */
  readonly namespace: string;
  /** Empty means every service. */
  readonly service: string;
  readonly instanceId: string;
  /** Records below it, and those without a severity when it is above 0, are left out. */
  readonly minSeverity: number;
  /** Case-insensitive substring of the body. */
  readonly contains: string;
  readonly traceId: string;
  readonly filter?: Filter<LogRecord>;
}

/** Makes the predicate of a query, cheapest condition first. */
export function logPredicate(query: LogQuery): (record: LogRecord) => boolean {
  const needle = query.contains.toLowerCase();
  return (record) =>
    record.severity >= query.minSeverity &&
    isWanted(query.service, record.service) &&
    isWanted(query.namespace, record.namespace) &&
    isWanted(query.instanceId, record.instanceId) &&
    isWanted(query.traceId, record.traceId) &&
    (needle === "" || record.body.toLowerCase().includes(needle)) &&
    (query.filter === undefined || query.filter.matches(record));
}

function isWanted(wanted: string, value: string): boolean {
  return wanted === "" || wanted === value;
}
