import type { Any } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { BadRequestSchema, ResourceInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import type { Fault, Violation } from "../model/index.js";
import type { EdgeFault } from "./edge-fault.js";
import { detail } from "./rpc-status.js";

/** Every fault that a call can answer with. */
export type AnyFault = Fault | EdgeFault;

/** How one fault is told. */
export interface Told {
  readonly code: Code;
  /** One sentence that says what to do. */
  readonly message: string;
  /** The facts, as ErrorInfo's metadata. */
  readonly facts?: Readonly<Record<string, string>>;
  /** Beside ErrorInfo. */
  readonly details?: readonly Any[];
}

/**
 * Bytes of violations in one answer. Details travel as base64 in the trailers, and some clients refuse more than 8 KiB of
 * those in all.
 */
const MAX_VIOLATION_BYTES = 4_096;

/** type -> what to do when it is not there, where that is not the name's fault. */
const WHEN_MISSING: Readonly<Record<string, string>> = {
  session: "it ended, or never was; open a new one and register again",
};

/** reason -> how it is told. The compiler asks for a row for each fault; proto/README.md has a heading for each row. */
export const FAULT_TABLE: {
  readonly [R in AnyFault["reason"]]: (fault: Extract<AnyFault, { readonly reason: R }>) => Told;
} = {
  FIELDS_INVALID: ({ violations }) => ({
    code: Code.InvalidArgument,
    message: `correct ${violations.length === 1 ? "this field" : "these fields"} and send the request again: ${summary(violations)}`,
    details: [detail(BadRequestSchema, { fieldViolations: [...fitting(violations)] })],
  }),
  PAGE_TOKEN_INVALID: () => ({
    code: Code.InvalidArgument,
    message: "send the page_token unchanged, with the request that it was made for, or begin the listing again",
  }),
  PAGE_EXPIRED: () => ({ code: Code.OutOfRange, message: "this listing expired: begin it again without a page_token" }),
  NOT_FOUND: ({ type, name }) => ({
    code: Code.NotFound,
    message: `there is no ${type} "${name}": ${WHEN_MISSING[type] ?? "check its name and namespace, or create it first"}`,
    facts: { type, name },
    details: [detail(ResourceInfoSchema, { resourceType: type, resourceName: name })],
  }),
  REVISION_CONFLICT: ({ name, expected, actual }) => ({
    code: Code.Aborted,
    message: `"${name}" is at revision ${actual}, not ${expected}: read it again and decide again`,
    facts: { name, expected: String(expected), actual: String(actual) },
  }),
  SERVICE_NOT_EMPTY: ({ name, instances }) => ({
    code: Code.FailedPrecondition,
    message:
      instances === 1
        ? `service "${name}" has 1 registered instance: deregister it first, or set cascade`
        : `service "${name}" has ${instances} registered instances: deregister them first, or set cascade`,
    facts: { name, instances: String(instances) },
  }),
  SUPERSEDED: ({ name }) => ({
    code: Code.FailedPrecondition,
    message: `another holder registered "${name}": stop serving under this id, or register under another`,
    facts: { name },
  }),
  SESSION_TAKEN_OVER: ({ sessionId }) => ({
    code: Code.Aborted,
    message: "another stream resumed this session: go on there, or open a session of your own",
    facts: { session_id: sessionId },
  }),
  SESSION_NOT_OPEN: ({ detail: text }) => ({
    code: Code.FailedPrecondition,
    message: `begin a session with one open message: ${text}`,
  }),
  REVISION_OUT_OF_RANGE: ({ requested, oldest, current }) => ({
    code: Code.OutOfRange,
    message: `revision ${requested} is out of reach: use one from ${oldest} to ${current}`,
    facts: { requested: String(requested), oldest: String(oldest), current: String(current) },
  }),
  LIMIT_EXCEEDED: ({ limit, max, retryAfterMs }) => ({
    code: Code.ResourceExhausted,
    message: `the limit ${limit} of ${max} is reached: try again later, or ask for a higher limit`,
    facts: { limit, max: String(max) },
    details: [retryInfo(retryAfterMs)],
  }),
  STORE_UNAVAILABLE: ({ retryAfterMs }) => ({
    code: Code.Unavailable,
    message: "the store cannot write now: try again later; reads and watches go on",
    details: [retryInfo(retryAfterMs)],
  }),
  SHUTTING_DOWN: ({ retryAfterMs }) => ({
    code: Code.Unavailable,
    message: "this server is stopping: try again, on another one if there is one",
    details: [retryInfo(retryAfterMs)],
  }),
  REVISION_NOT_REACHED: ({ wanted, current }) => ({
    code: Code.DeadlineExceeded,
    message: `revision ${wanted} did not arrive in time (this server is at ${current}): wait longer, or ask for less`,
    facts: { wanted: String(wanted), current: String(current) },
  }),
  UNIMPLEMENTED: ({ what }) => ({
    code: Code.Unimplemented,
    message: `this server does not offer ${what}: check the name, or use a server that does`,
    facts: { what },
  }),
  REQUEST_UNREADABLE: ({ detail: text }) => ({
    code: Code.InvalidArgument,
    message: `the request cannot be read (${text}): check that client and server use the same .proto`,
  }),
  MESSAGE_TOO_LARGE: (fault) => ({
    code: Code.ResourceExhausted,
    message:
      "maxParts" in fault
        ? `a message may have at most ${fault.maxParts} entries of lists and maps and messages within it: send less at once`
        : `a message may have at most ${fault.maxBytes} bytes: send less at once`,
    facts:
      "maxParts" in fault
        ? { limit: "max-message-parts", max: String(fault.maxParts) }
        : { limit: "max-message-bytes", max: String(fault.maxBytes) },
  }),
  ENCODING_UNSUPPORTED: () => ({
    code: Code.Unimplemented,
    message: "compress messages with gzip or deflate, or not at all",
  }),
  CANCELLED: () => ({ code: Code.Canceled, message: "the call was cancelled" }),
  DEADLINE_EXCEEDED: () => ({
    code: Code.DeadlineExceeded,
    message: "the call did not end before its deadline: allow more time, or set none for a stream that is to go on",
  }),
  INTERNAL: ({ incident }) => ({
    code: Code.Internal,
    message: `the server failed: report incident ${incident} to those who run it`,
    facts: { incident },
  }),
};

function retryInfo(retryAfterMs: number): Any {
  const seconds = Math.floor(retryAfterMs / 1000);
  return detail(RetryInfoSchema, {
    retryDelay: { seconds: BigInt(seconds), nanos: Math.round((retryAfterMs - seconds * 1000) * 1e6) },
  });
}

/** The first few violations as text, for those who do not unpack details. */
function summary(violations: readonly Violation[]): string {
  const first = violations.slice(0, 3).map(({ field, description }) => `${field}: ${description}`);
  return violations.length > 3 ? `${first.join("; ")}; and ${violations.length - 3} more` : first.join("; ");
}

/** All violations, or as many as fit, one at least, and one that says how many more there are. */
function fitting(violations: readonly Violation[]): readonly Violation[] {
  let bytes = 0;
  const end = violations.findIndex(({ field, description }) => {
    bytes += Buffer.byteLength(field) + Buffer.byteLength(description) + 8;
    return bytes > MAX_VIOLATION_BYTES;
  });
  const kept = end === -1 ? violations.length : Math.max(1, end);
  const more = violations.length - kept;
  if (more === 0) return violations;
  return [
    ...violations.slice(0, kept),
    { field: "", description: more === 1 ? "1 more fault" : `${more} more faults` },
  ];
}
