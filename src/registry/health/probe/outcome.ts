/** What came of one probe. */
export type Outcome =
  | { readonly kind: "passed" }
  | {
      readonly kind: "failed";
      /** For people, without a full stop: "connection refused". */
      readonly reason: string;
      /** The connection broke, or there was none: over one that was kept, that says nothing yet. */
      readonly broken?: true;
    }
  /** It says nothing of the instance: we stood still ourselves. */
  | { readonly kind: "void" };

export const PASSED: Outcome = { kind: "passed" };
export const VOID: Outcome = { kind: "void" };

/** A failed probe. */
export function failed(reason: string): Outcome {
  return { kind: "failed", reason };
}

/** Error code of the system -> what people call it. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "connection refused"],
  ["ECONNRESET", "connection reset"],
  ["EPIPE", "connection reset"],
  ["EHOSTUNREACH", "host unreachable"],
  ["ENETUNREACH", "network unreachable"],
  ["ENOTFOUND", "its name is not known"],
  ["EAI_AGAIN", "its name cannot be resolved now"],
  ["EMFILE", "no file descriptors left here"],
]);

/** The outcome of an error of Node's: a word for the common ones, the code for the others. */
export function failedBy(error: unknown): Outcome {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  // A stream that ends with its connection says so in its cause.
  if (code === "ERR_HTTP2_STREAM_CANCEL" && error instanceof Error && error.cause) return failedBy(error.cause);
  return { kind: "failed", reason: WORDS.get(code) ?? wordOfKind(code), broken: true };
}

/** Codes that come in families. */
function wordOfKind(code: string): string {
  if (code === "") return "connection failed";
  if (code.startsWith("HPE_")) return "it did not answer as HTTP does";
  if (code.startsWith("ERR_HTTP2_")) return "it did not answer as HTTP/2 does";
  return code.startsWith("ERR_SSL_") ? "TLS failed" : code;
}
