/** One line that a service logged. Immutable and shared between readers. */
export interface LogRecord {
  /** When it was logged: nanoseconds since the epoch. */
  readonly timeNs: bigint;
  readonly namespace: string;
  readonly service: string;
  /** Empty when the writer did not say. */
  readonly instanceId: string;
  /** OpenTelemetry's severity number: 1 trace, 5 debug, 9 info, 13 warn, 17 error, 21 fatal; 0 not said. */
  readonly severity: number;
  readonly body: string;
  /** attribute key -> value. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Lower-case hexadecimal, or empty. */
  readonly traceId: string;
  /** Lower-case hexadecimal, or empty. */
  readonly spanId: string;
}

/** A record as it is written: without a time it happened now. */
export type LogDraft = Omit<LogRecord, "timeNs"> & { readonly timeNs?: bigint };
