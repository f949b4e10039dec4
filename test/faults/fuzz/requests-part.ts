import { type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { createFilters } from "../../../src/rpc/filter/index.js";
import { createRules, validate } from "../../../src/rpc/rules/index.js";
import { type Caller, type Outcome, PATIENCE_MS, ranOut } from "./call.js";
import type { Subject } from "./explore.js";
import { faultsOf, isRefusal } from "./judge.js";
import { OWN_SERVICES, pathOf } from "./methods.js";
import { readBackFaults } from "./read-back.js";
import { anyRequests } from "./requests.js";
import type { Witness } from "./witness.js";

/** What was answered so far, for the last line. */
export interface Tally {
  accepted: number;
  refused: number;
}

/** Methods that write state when they go well. */
const WRITES = new Set([
  "PutService",
  "DeleteService",
  "Register",
  "RegisterBatch",
  "UpdateInstance",
  "Deregister",
  "SetHealthOverride",
  "ClearHealthOverride",
  "DrainService",
  "Session",
]);

/** One request at a time, so that what it changed can be told: whatever comes is answered as the contract says. */
export function requestSubject(
  method: DescMethod,
  { caller, witness, tally }: { caller: Caller; witness: Witness; tally: Tally },
): Subject<readonly Message[]> {
  return {
    name: `${pathOf(method)}, asked anything,`,
    any: anyRequests(method),
    async check(requests) {
      const before = await witness.revision();
      const outcome = await caller.call(method, requests);
      count(tally, outcome);
      const faults = [
        ...faultsOf(method, outcome),
        ...hangs(method, outcome),
        ...ruleFaults(method, requests, outcome),
      ];
      if (mustNotWrite(method, outcome)) {
        for (const actor of await witness.committersSince(before))
          faults.push(`it was refused, and ${actor} committed`);
      } else if (!outcome.error) {
        faults.push(...(await readBackFaults(witness, requests[0], outcome.responses[0])));
      }
      if (faults.length > 0) throw new Error(faults.join("\n"));
    },
  };
}

const rules = createRules({ filters: createFilters() });

/** The rules hold for every method: tables of their own say what they are, and here is that they are asked. */
function ruleFaults(method: DescMethod, requests: readonly Message[], outcome: Outcome): string[] {
  if (!OWN_SERVICES.includes(method.parent) || method.methodKind === "bidi_streaming") return [];
  const breaksRules = requests.some((request) => {
    try {
      validate(rules, fromBinary(method.input, toBinary(method.input, request)));
      return false;
    } catch {
      return true;
    }
  });
  const refused = outcome.error?.code === Code.InvalidArgument || ranOut(method, outcome);
  return breaksRules && !refused ? ["it takes what its rules refuse"] : [];
}

function count(tally: Tally, { error }: Outcome): void {
  if (isRefusal(error)) tally.refused++;
  else tally.accepted++;
}

function mustNotWrite(method: DescMethod, { error, responses }: Outcome): boolean {
  if (!WRITES.has(method.name)) return true;
  if (method.name !== "Session") return isRefusal(error);
  return responses.every((response) => Reflect.get(Reflect.get(response, "response"), "case") !== "committed");
}

function hangs(method: DescMethod, outcome: Outcome): string[] {
  const late = outcome.tookMs > PATIENCE_MS && !ranOut(method, outcome);
  return late ? [`${pathOf(method)} took ${Math.round(outcome.tookMs)} ms`] : [];
}
