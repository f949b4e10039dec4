/**
 * What can go wrong before a handler is asked or after it answered: things that the edge alone knows.
 *
 * They stand in the same table as the rooms' faults; see `errors.ts` and proto/README.md.
 */
export type EdgeFault =
  /** INVALID_ARGUMENT: the bytes are no message of the method's type. `detail` says which part. */
  | { readonly reason: "REQUEST_UNREADABLE"; readonly detail: string }
  /** RESOURCE_EXHAUSTED: one message is larger than the setting `max-message-bytes`. */
  | { readonly reason: "MESSAGE_TOO_LARGE"; readonly maxBytes: number }
  /** RESOURCE_EXHAUSTED: one message has more entries and messages within it than the setting `max-message-parts`. */
  | { readonly reason: "MESSAGE_TOO_LARGE"; readonly maxParts: number }
  /** UNIMPLEMENTED: the message is compressed in a way that this server does not know. */
  | { readonly reason: "ENCODING_UNSUPPORTED" }
  /** CANCELLED: the client went away. */
  | { readonly reason: "CANCELLED" }
  /** DEADLINE_EXCEEDED: the client's own deadline. */
  | { readonly reason: "DEADLINE_EXCEEDED" }
  /** INTERNAL: our fault; the cause is in the log under this id. */
  | { readonly reason: "INTERNAL"; readonly incident: string };

/** An error that the edge makes itself; see `EdgeFault`. */
export class EdgeError extends Error {
  override readonly name = "EdgeError";
  constructor(
    readonly fault: EdgeFault,
    options?: ErrorOptions,
  ) {
    super(fault.reason, options);
  }
}
