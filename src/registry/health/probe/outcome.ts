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
  /** It says nothing of the instance: we stood still ourselves, or lacked what a probe takes. */
  | {
      readonly kind: "void";
      /** What was lacking, for people: asking again at once would not help. */
      readonly lack?: string;
    };

export const PASSED: Outcome = { kind: "passed" };
export const VOID: Outcome = { kind: "void" };

/** A failed probe. */
export function failed(reason: string): Outcome {
  return { kind: "failed", reason };
}

/** A probe that could not be made. */
export function lacking(lack: string): Outcome {
  return { kind: "void", lack };
}

/** Error code of the system -> what it lacks for any probe; no instance is to be blamed for it. */
const LACKS: ReadonlyMap<string, string> = new Map([
  ["EMFILE", "no file descriptors left"],
  ["ENFILE", "no file descriptors left"],
  ["ENOBUFS", "no memory left for connections"],
  ["ENOMEM", "no memory left"],
]);

/** Error code of the system -> what people call it. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "connection refused"],
  ["ECONNRESET", "connection reset"],
  ["EPIPE", "connection reset"],
  ["EHOSTUNREACH", "host unreachable"],
  ["ENETUNREACH", "network unreachable"],
  ["ENOTFOUND", "its name is not known"],
  ["EAI_AGAIN", "its name cannot be resolved now"],
  ["EADDRNOTAVAIL", "no way to its address"],
]);

/** What an error of Node's says: a word for the common ones, the code for the others; of the instance, unless we lack something. */
export function failedBy(error: unknown): Outcome {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  // A stream that ends with its connection says so in its cause.
  if (code === "ERR_HTTP2_STREAM_CANCEL" && error instanceof Error && error.cause) return failedBy(error.cause);
  const lack = LACKS.get(code);
  return lack ? lacking(lack) : { kind: "failed", reason: WORDS.get(code) ?? wordOfKind(code), broken: true };
}

/** Codes that come in families. */
function wordOfKind(code: string): string {
  if (code === "") return "connection failed";
  if (code.startsWith("HPE_")) return "it did not answer as HTTP does";
  if (code.startsWith("ERR_HTTP2_")) return "it did not answer as HTTP/2 does";
  return code.startsWith("ERR_SSL_") ? "TLS failed" : code;
}
