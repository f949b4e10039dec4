import type { DescMethod } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { createTallies, type Tally } from "./tallies.js";

/** What one method counts. Its labels are looked up once, so that counting a call costs little. */
export interface MethodMetrics {
  started(): void;
  /** `reason` is empty for a call that went well. */
  ended(code: Code | 0, reason: string, seconds: number): void;
  sent(): void;
  received(): void;
}

/** What the edge counts. */
export interface RpcMetrics {
  method(method: DescMethod, port: "grpc" | "http"): MethodMetrics;
  /** A call that no method took: unknown, or of a service that the library serves. */
  error(reason: string): void;
  connections(port: "grpc" | "http", change: 1 | -1): void;
}

/** Registers the edge's metrics. */
export function createRpcMetrics(register: Registry): RpcMetrics {
  const registers = [register];
  const labels = ["port", "service", "method"] as const;
  const started = createTallies(Counter, {
    name: "portolan_rpc_started_calls_total",
    help: "Calls that reached a method.",
    labelNames: labels,
    registers,
  });
  const handled = createTallies(Counter, {
    name: "portolan_rpc_handled_calls_total",
    help: "Calls that ended, by gRPC code.",
    labelNames: [...labels, "code"],
    registers,
  });
  const active = createTallies(Gauge, {
    name: "portolan_rpc_active_calls",
    help: "Calls that go on now.",
    labelNames: labels,
    registers,
  });
  const duration = new Histogram({
    name: "portolan_rpc_call_duration_seconds",
    help: "From a unary call's first byte to its status; streams are not in it.",
    labelNames: labels,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const messages = createTallies(Counter, {
    name: "portolan_rpc_stream_messages_total",
    help: "Messages of streams, by direction.",
    labelNames: [...labels, "direction"],
    registers,
  });
  const errors = new Counter({
    name: "portolan_rpc_errors_total",
    help: "Calls that failed, by the reason that their ErrorInfo gives.",
    labelNames: ["reason"],
    registers,
  });
  const connections = new Gauge({
    name: "portolan_rpc_connections",
    help: "Open connections.",
    labelNames: ["port"],
    registers,
  });

  return {
    method(method, port) {
      const values = { port, service: method.parent.typeName, method: method.name };
      const startedHere = started(values);
      const activeHere = active(values);
      const streams = method.methodKind !== "unary";
      const durationHere = streams ? undefined : duration.labels(values);
      const countMessages = (direction: string) => (streams ? messages({ ...values, direction }) : { value: 0 });
      const sentHere = countMessages("sent");
      const receivedHere = countMessages("received");
      /** code -> its counter, made when the code first happens. */
      const handledHere = new Map<Code | 0, Tally>();
      return {
        started() {
          startedHere.value++;
          activeHere.value++;
        },
        ended(code, reason, seconds) {
          let counter = handledHere.get(code);
          if (!counter) {
            counter = handled({ ...values, code: codeName(code) });
            handledHere.set(code, counter);
          }
          counter.value++;
          activeHere.value--;
          durationHere?.observe(seconds);
          if (reason !== "") errors.inc({ reason });
        },
        sent: () => {
          sentHere.value++;
        },
        received: () => {
          receivedHere.value++;
        },
      };
    },
    error: (reason) => errors.inc({ reason }),
    connections: (port, change) => connections.inc({ port }, change),
  };
}

/** A code as gRPC spells it: `NotFound` -> `NOT_FOUND`. */
export function codeName(code: Code | 0): string {
  if (code === 0) return "OK";
  if (code === Code.Canceled) return "CANCELLED";
  return Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
