import { ConnectError } from "@connectrpc/connect";
import { expect } from "vitest";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";

/** The error that a call fails with; the test fails when it does not. */
export async function caught(call: Promise<unknown> | AsyncIterable<unknown>): Promise<ConnectError> {
  const outcome = await (Symbol.asyncIterator in call ? drained(call) : call).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(outcome, "the call went well").toBeInstanceOf(ConnectError);
  return ConnectError.from(outcome);
}

/** ErrorInfo's reason; undefined when the error carries none. */
export function reasonOf(error: ConnectError): string | undefined {
  return error.findDetails(ErrorInfoSchema)[0]?.reason;
}

/** The fields that BadRequest names, in its order. */
export function fieldsOf(error: ConnectError): string[] {
  return error.findDetails(BadRequestSchema).flatMap((bad) => bad.fieldViolations.map(({ field }) => field));
}

async function drained(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
