import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { TelemetryCallsSchema } from "../../../gen/portolan/store/v1/telemetry_pb.js";
import type { CallSeriesKey, CallStats } from "./call-stats.js";
import { Histogram } from "./histogram.js";

/** The calls of one series in one window, while they may still grow. */
export class Cell {
  readonly windowMs: number;
  readonly #series: CallSeriesKey;
  readonly #callsByCode = new Map<number, number>();
  readonly #latency = new Histogram();
  /** Its number in the database. */
  readonly sequence: number;
  /** Bytes that it takes in the database now; 0 before it is written. */
  storedBytes = 0;

  constructor(windowMs: number, sequence: number, series: CallSeriesKey) {
    this.windowMs = windowMs;
    this.sequence = sequence;
    this.#series = series;
  }

  /** Adds calls of its series. */
  add(stats: Pick<CallStats, "callsByCode" | "latency">): void {
    for (const [code, calls] of stats.callsByCode) {
      this.#callsByCode.set(code, (this.#callsByCode.get(code) ?? 0) + calls);
    }
    if (stats.latency) this.#latency.add(stats.latency);
  }

  /** Its record at rest. */
  encode(): Uint8Array {
    const { consumerNamespace, consumer, namespace, service, instanceId, method } = this.#series;
    const record = create(TelemetryCallsSchema, {
      consumerNamespace,
      consumer,
      namespace,
      service,
      instanceId,
      method,
      callsByCode: Object.fromEntries(this.#callsByCode),
      boundsMs: [...this.#latency.boundsMs],
      counts: [...this.#latency.counts],
      sumMs: this.#latency.sumMs,
    });
    return toBinary(TelemetryCallsSchema, record);
  }
}

/** Reads a cell's record. */
export function decodeCalls(value: Uint8Array): CallStats {
  const record = fromBinary(TelemetryCallsSchema, value);
  const callsByCode = new Map(Object.entries(record.callsByCode).map(([code, calls]) => [Number(code), calls]));
  const { boundsMs, counts, sumMs } = record;
  return { ...record, callsByCode, latency: { boundsMs, counts, sumMs } };
}
