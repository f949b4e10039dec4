import { create, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  RegistryService,
  type SessionRequestSchema,
  type SessionResponse,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Caller } from "./call.js";
import type { Subject } from "./explore.js";
import { faultsOf } from "./judge.js";

const METHOD = RegistryService.method.session;
const IDS = ["a", "b", "c"] as const;

/** One request of a session, before tokens are known. */
type Step =
  | { readonly kind: "open"; readonly token: "none" | "own" | "foreign" | "damaged" | "noise"; readonly ttlS: number }
  | { readonly kind: "register" | "update" | "deregister"; readonly id: string; readonly expected?: number }
  | { readonly kind: "ping" };

/** Streams one after the other, each a session's whole life or a part of it. */
type Story = readonly (readonly Step[])[];

const anyId = fc.constantFrom(...IDS);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("open" as const),
    token: fc.constantFrom("none", "none", "own", "foreign", "damaged", "noise"),
    ttlS: fc.constantFrom(0, 1, 15, 3_601),
  }),
  fc.record(
    {
      kind: fc.constantFrom("register", "update", "deregister"),
      id: anyId,
      expected: fc.constantFrom(-1, 0, 1, 1_000_000),
    },
    { requiredKeys: ["kind", "id"] },
  ),
  fc.constant({ kind: "ping" as const }),
);
const opening: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("open" as const),
  token: fc.constantFrom("none", "own", "foreign", "damaged"),
  ttlS: fc.constant(15),
});
const anyStream = fc
  .tuple(fc.option(opening, { freq: 5 }), fc.array(anyStep, { maxLength: 5 }))
  .map(([first, rest]) => (first ? [first, ...rest] : rest));

/** Sessions in odd orders: each request is answered or refused as the contract says, and no token opens what it is not of. */
export function sessionsSubject(caller: Caller): Subject<Story> {
  return {
    name: "a story of sessions",
    any: fc.array(anyStream, { minLength: 1, maxLength: 4 }),
    async check(story) {
      const issued: Issued[] = [];
      for (const steps of story) {
        const tokens = issued.map(({ token }) => token);
        const requests = steps.map((step, index) => create(METHOD.input, requestOf(step, BigInt(index + 1), tokens)));
        const outcome = await caller.call(METHOD, requests);
        const responses = outcome.responses as SessionResponse[];
        const faults = [
          ...faultsOf(METHOD, outcome),
          ...orderFaults(steps, responses),
          ...resumeFaults(requests[0], responses, issued),
        ];
        if (faults.length > 0) throw new Error(faults.join("\n"));
        remember(responses, outcome.error === undefined, issued);
      }
    },
  };
}

/** A resume token, and whether its session was closed. */
interface Issued {
  readonly token: string;
  readonly sessionId: string;
  closed: boolean;
}

function remember(responses: readonly SessionResponse[], halfClosed: boolean, issued: Issued[]): void {
  for (const { response } of responses) {
    if (response.case !== "opened") continue;
    const { sessionId, resumeToken: token } = response.value;
    issued.push({ token, sessionId, closed: false });
    // A stream that ended in an error broke its session, which may be resumed then.
    for (const one of issued) if (one.sessionId === sessionId) one.closed = halfClosed;
  }
}

function resumeFaults(
  first: MessageShape<typeof SessionRequestSchema> | undefined,
  responses: readonly SessionResponse[],
  issued: readonly Issued[],
): string[] {
  const [opened] = responses.flatMap(({ response }) => (response.case === "opened" ? [response.value] : []));
  const token = first?.request.case === "open" ? first.request.value.resumeToken : "";
  if (!opened || token === "") return [];
  const known = issued.find((one) => one.token === token);
  if (known && !known.closed && known.sessionId === opened.sessionId) return [];
  return [`"${token}" resumed ${opened.sessionId}`];
}

function orderFaults(steps: readonly Step[], responses: readonly SessionResponse[]): string[] {
  const faults: string[] = [];
  const opened = responses.filter(({ response }) => response.case === "opened");
  const [first] = steps;
  if (opened.length > 1) faults.push("a session opened twice");
  if (first?.kind !== "open" && responses.length > 0) faults.push("a session without open was answered");
  const answered = responses.map(({ requestId }) => requestId).filter((id) => id !== 0n);
  if (new Set(answered).size !== answered.length) faults.push(`answered twice: ${answered}`);
  if (answered.some((id) => id > BigInt(steps.length))) faults.push(`answered what was not asked: ${answered}`);
  return faults;
}

function requestOf(
  step: Step,
  requestId: bigint,
  tokens: readonly string[],
): MessageInitShape<typeof SessionRequestSchema> {
  if (step.kind === "ping") return { requestId, request: { case: "ping", value: {} } };
  if (step.kind === "open") {
    const ttl = { seconds: BigInt(step.ttlS) };
    return {
      requestId,
      request: { case: "open", value: { client: "fuzz", ttl, resumeToken: tokenOf(step.token, tokens) } },
    };
  }
  const ref = { service: "stories", id: step.id };
  const expectedRevision = step.expected === undefined ? {} : { expectedRevision: BigInt(step.expected) };
  if (step.kind === "deregister") return { requestId, request: { case: "deregister", value: { instance: ref } } };
  const instance = { ...ref, version: String(requestId), endpoints: [{ host: "10.0.0.1", port: 80 }] };
  if (step.kind === "register")
    return { requestId, request: { case: "register", value: { instance, ...expectedRevision } } };
  return {
    requestId,
    request: { case: "update", value: { instance, updateMask: { paths: ["version"] }, ...expectedRevision } },
  };
}

function tokenOf(kind: "none" | "own" | "foreign" | "damaged" | "noise", tokens: readonly string[]): string {
  const last = tokens.at(-1) ?? "never-issued";
  if (kind === "none") return "";
  if (kind === "own") return last;
  if (kind === "foreign") return tokens[0] ?? "never-issued";
  return kind === "damaged" ? `${last.slice(0, -1)}${last.endsWith("A") ? "B" : "A"}` : "\u0000é".repeat(20);
}
