import { Code, ConnectError } from "@connectrpc/connect";
import { CommanderError } from "commander";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import type { Failure } from "../../gen/portolan/registry/v1/registry_pb.js";
import { EXIT, type ExitCode } from "./exit-codes.js";

/** A failure that the command itself found; its message is the line that people read. */
export class CliError extends Error {
  override readonly name = "CliError";
  constructor(
    message: string,
    readonly exitCode: ExitCode,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What went wrong, in one line that says what to do, and what the process ends with. */
export interface Explanation {
  readonly line: string;
  readonly exitCode: ExitCode;
}

/** gRPC code -> exit code; those that are not here are plain failures. */
const EXIT_OF: Readonly<Partial<Record<Code, ExitCode>>> = {
  [Code.InvalidArgument]: EXIT.usage,
  [Code.OutOfRange]: EXIT.usage,
  [Code.NotFound]: EXIT.notFound,
  [Code.Unavailable]: EXIT.unavailable,
  [Code.DeadlineExceeded]: EXIT.unavailable,
  [Code.ResourceExhausted]: EXIT.unavailable,
  // Never our own: whoever cancels a call does not ask why it failed.
  [Code.Canceled]: EXIT.unavailable,
  [Code.Aborted]: EXIT.conflict,
  [Code.AlreadyExists]: EXIT.conflict,
  [Code.FailedPrecondition]: EXIT.conflict,
  [Code.PermissionDenied]: EXIT.denied,
  [Code.Unauthenticated]: EXIT.denied,
};

/** Codes that the same request would meet again, however often it is sent. */
const PERMANENT: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.Unimplemented,
]);

/**
 * Turns whatever was thrown into one line.
 *
 * @param address the control plane's, for failures of the connection.
 */
export function explain(error: unknown, address: string): Explanation {
  if (error instanceof CliError) return { line: oneLine(error.message), exitCode: error.exitCode };
  if (error instanceof ConnectError) {
    const transport = reasonOf(error) === undefined ? explainTransport(error, address) : undefined;
    if (transport) return { line: oneLine(transport), exitCode: EXIT.unavailable };
    return { line: oneLine(listViolations(error) ?? error.rawMessage), exitCode: EXIT_OF[error.code] ?? EXIT.failed };
  }
  const exitCode = error instanceof CommanderError ? EXIT.usage : EXIT.failed;
  return { line: oneLine(error instanceof Error ? error.message : String(error)), exitCode };
}

/** The same line for commands that try again by themselves. */
export function explainLoss(error: unknown, address: string): string {
  return `${explain(error, address).line.replace(/: try again$/, "")}; trying again`;
}

/** True for what may pass by itself: a broken connection, a server that stops or is full. */
export function isTransient(error: unknown): boolean {
  return error instanceof ConnectError && !PERMANENT.has(error.code);
}

/** The stable reason of an error that the control plane sent ("NOT_FOUND"); undefined when somebody else failed. */
export function reasonOf(error: unknown): string | undefined {
  return error instanceof ConnectError ? error.findDetails(ErrorInfoSchema)[0]?.reason : undefined;
}

/** A session's failed request as the error that a unary call would have thrown. */
export function failureError(failure: Failure): ConnectError {
  const error = new ConnectError(failure.message, failure.code);
  error.details = failure.details.map(({ typeUrl, value }) => ({ type: typeUrl.replace(/^.*\//, ""), value }));
  return error;
}

/** Everything that BadRequest names, as "field: what is allowed"; undefined when it names nothing. */
function listViolations(error: ConnectError): string | undefined {
  const violations = error.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations);
  if (violations.length === 0) return undefined;
  return violations.map((violation) => `${violation.field}: ${violation.description}`).join("; ");
}

/** What to do about a failure below gRPC; undefined when it is none. */
function explainTransport(error: ConnectError, address: string): string | undefined {
  switch (systemCode(error)) {
    case "ECONNREFUSED":
      return `no portolan at ${address}: start it with \`npm start\`, or name another with --server`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the host of ${address} is not known: correct --server`;
    case "ERR_HTTP2_ERROR":
      return `${address} does not speak gRPC: name the control plane's gRPC address with --server`;
  }
  if (error.code === Code.DeadlineExceeded) {
    return `no answer from ${address} in time: look whether it is overloaded, or give it longer with --timeout`;
  }
  if (error.code === Code.Canceled || error.code === Code.Aborted)
    return `the connection to ${address} broke: try again`;
  return undefined;
}

/** The code of the innermost system error: "ECONNREFUSED". */
function systemCode(error: unknown): string | undefined {
  let code: string | undefined;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string") code = cause.code;
  }
  return code;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
