/** gRPC codes that are the server's fault: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
const SERVER_FAULTS: ReadonlySet<number> = new Set([2, 4, 12, 13, 14, 15]);

/** How many of some calls there were, and how many of them failed by the server's fault. */
export function countCalls(callsByCode: ReadonlyMap<number, number>): { calls: number; failures: number } {
  let calls = 0;
  let failures = 0;
  for (const [code, count] of callsByCode) {
    calls += count;
    if (SERVER_FAULTS.has(code)) failures += count;
  }
  return { calls, failures };
}
