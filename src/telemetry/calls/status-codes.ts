/** gRPC status code -> its name. */
const NAMES: readonly string[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
const SERVER_FAULTS: ReadonlySet<number> = new Set([2, 4, 12, 13, 14, 15]);

/** The name of a gRPC status code: "OK", "UNAVAILABLE"; the number itself for one that gRPC does not define. */
export function codeName(code: number): string {
  return NAMES[code] ?? String(code);
}

/** True for codes that are the server's fault, as OpenTelemetry's conventions for RPC count them. */
export function isServerFault(code: number): boolean {
  return SERVER_FAULTS.has(code);
}
