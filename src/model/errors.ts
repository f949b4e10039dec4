/** One fault of one field of a request. */
export interface Violation {
  /** The path as in the .proto: `instance.endpoints[0].port`. */
  readonly field: string;
  /** One sentence that says what is allowed. */
  readonly description: string;
}

/** The settings that LIMIT_EXCEEDED names, as an operator writes them. */
export type LimitName =
  | "max-sessions"
  | "max-instances-per-session"
  | "max-pending-commits"
  | "max-pending-bytes"
  | "telemetry-max-readers"
  | "xds-max-names";

/**
 * Everything that can be wrong, with the facts that a caller needs to act. `reason` is API: see proto/README.md.
 *
 * `src/rpc/errors.ts` is the one place that turns a fault into a gRPC status.
 */
export type Fault =
  /** INVALID_ARGUMENT with every violation. */
  | { readonly reason: "FIELDS_INVALID"; readonly violations: readonly Violation[] }
  /** INVALID_ARGUMENT: damaged, or made for another request. */
  | { readonly reason: "PAGE_TOKEN_INVALID" }
  /** OUT_OF_RANGE: begin the listing again. */
  | { readonly reason: "PAGE_EXPIRED" }
  /** NOT_FOUND with ResourceInfo. `type` is "service", "instance" or "session". */
  | { readonly reason: "NOT_FOUND"; readonly type: string; readonly name: string }
  /** ABORTED: read again, decide again. `actual` is 0 where nothing exists. */
  | { readonly reason: "REVISION_CONFLICT"; readonly name: string; readonly expected: bigint; readonly actual: bigint }
  /** FAILED_PRECONDITION: deregister them first, or set cascade. */
  | { readonly reason: "SERVICE_NOT_EMPTY"; readonly name: string; readonly instances: number }
  /** FAILED_PRECONDITION: another holder registered this instance. */
  | { readonly reason: "SUPERSEDED"; readonly name: string }
  /** ABORTED: another stream resumed the session. */
  | { readonly reason: "SESSION_TAKEN_OVER"; readonly sessionId: string }
  /** FAILED_PRECONDITION: the first message of a session must be `open`, and only the first. */
  | { readonly reason: "SESSION_NOT_OPEN"; readonly detail: string }
  /** OUT_OF_RANGE: compaction beyond the current revision, or a read of what was compacted. */
  | {
      readonly reason: "REVISION_OUT_OF_RANGE";
      readonly requested: bigint;
      readonly oldest: bigint;
      readonly current: bigint;
    }
  /** RESOURCE_EXHAUSTED with RetryInfo. `limit` names the setting. */
  | {
      readonly reason: "LIMIT_EXCEEDED";
      readonly limit: LimitName;
      readonly max: number;
      readonly retryAfterMs: number;
    }
  /** UNAVAILABLE with RetryInfo: the store cannot write now (disk full, I/O error); reads go on. */
  | { readonly reason: "STORE_UNAVAILABLE"; readonly retryAfterMs: number }
  /** UNAVAILABLE with RetryInfo: this server is stopping. */
  | { readonly reason: "SHUTTING_DOWN"; readonly retryAfterMs: number }
  /** DEADLINE_EXCEEDED: the revision asked for did not arrive in time. */
  | { readonly reason: "REVISION_NOT_REACHED"; readonly wanted: bigint; readonly current: bigint }
  /** UNIMPLEMENTED. */
  | { readonly reason: "UNIMPLEMENTED"; readonly what: string };

/** The one error that rooms throw on purpose. Its message is for logs; callers see what the edge makes of the fault. */
export class DomainError extends Error {
  override readonly name = "DomainError";
  constructor(
    readonly fault: Fault,
    options?: ErrorOptions,
  ) {
    super(fault.reason, options);
  }
}

/** FIELDS_INVALID for a single field. */
export function invalidField(field: string, description: string): DomainError {
  return new DomainError({ reason: "FIELDS_INVALID", violations: [{ field, description }] });
}
