/** Latencies of many calls in buckets. */
export interface LatencyHistogram {
  /** Upper bounds in milliseconds, ascending and finite. */
  readonly boundsMs: readonly number[];
  /** One more than `boundsMs`: the last counts what is above the highest bound. */
  readonly counts: readonly number[];
  /** The latencies of all calls together, in milliseconds. */
  readonly sumMs: number;
}

/** Who called what: the key of a series. */
export interface CallSeriesKey {
  /** Empty when the consumer is unknown. */
  readonly consumerNamespace: string;
  /** Empty when unknown. */
  readonly consumer: string;
  readonly namespace: string;
  readonly service: string;
  /** Empty when not said. */
  readonly instanceId: string;
  /** "/package.Service/Method" or "GET /path"; empty when not said. */
  readonly method: string;
}

/** Calls of one series, summed by its consumer. */
export interface CallStats extends CallSeriesKey {
  /** gRPC status code -> calls that ended with it. */
  readonly callsByCode: ReadonlyMap<number, number>;
  readonly latency?: LatencyHistogram;
}

/** What a consumer saw between two moments, in milliseconds since the epoch. */
export interface CallReport {
  readonly startMs: number;
  readonly endMs: number;
  readonly stats: readonly CallStats[];
}

/** What became of the entries of a report, or of the records of a batch of logs. */
export interface Intake {
  readonly accepted: number;
  /** They named an unknown service, lay outside the retention or in the future, or did not fit. */
  readonly rejected: number;
}
