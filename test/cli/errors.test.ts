import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { FailureSchema } from "../../gen/portolan/registry/v1/registry_pb.js";
import { CliError, explain, failureError, isTransient, reasonOf } from "../../src/cli/errors.js";
import { EXIT } from "../../src/cli/exit-codes.js";

const ADDRESS = "127.0.0.1:7070";

function fromPlane(code: Code, message: string, reason: string): ConnectError {
  const error = new ConnectError(message, code);
  const value = toBinary(ErrorInfoSchema, create(ErrorInfoSchema, { reason, domain: "portolan" }));
  error.details = [{ type: "google.rpc.ErrorInfo", value }];
  return error;
}

function systemError(code: string): ConnectError {
  const cause = Object.assign(new Error(code), { code });
  return new ConnectError("failed", Code.Unavailable, undefined, undefined, cause);
}

test.each([
  [Code.InvalidArgument, EXIT.usage],
  [Code.OutOfRange, EXIT.usage],
  [Code.NotFound, EXIT.notFound],
  [Code.Unavailable, EXIT.unavailable],
  [Code.DeadlineExceeded, EXIT.unavailable],
  [Code.ResourceExhausted, EXIT.unavailable],
  [Code.Aborted, EXIT.conflict],
  [Code.FailedPrecondition, EXIT.conflict],
  [Code.PermissionDenied, EXIT.denied],
  [Code.Internal, EXIT.failed],
  [Code.Unimplemented, EXIT.failed],
])("gRPC code %i of the control plane ends with exit code %i and its sentence", (code, exitCode) => {
  expect(explain(fromPlane(code, "Do this.", "ANY"), ADDRESS)).toEqual({ line: "Do this.", exitCode });
});

test("every violation is listed with its field, in one line", () => {
  const fieldViolations = [
    { field: "instance.service", description: "must be a DNS label" },
    { field: "instance.endpoints[0].port", description: "must be 1 to 65,535" },
  ];
  const error = fromPlane(Code.InvalidArgument, "2 fields are wrong", "FIELDS_INVALID");
  const value = toBinary(BadRequestSchema, create(BadRequestSchema, { fieldViolations }));
  error.details.push({ type: "google.rpc.BadRequest", value });
  expect(explain(error, ADDRESS).line).toBe(
    "instance.service: must be a DNS label; instance.endpoints[0].port: must be 1 to 65,535",
  );
});

test("a refused connection says how to start a control plane", () => {
  expect(explain(systemError("ECONNREFUSED"), ADDRESS)).toEqual({
    line: "no portolan at 127.0.0.1:7070: start it with `npm start`, or name another with --server",
    exitCode: EXIT.unavailable,
  });
});

test.each([
  [systemError("ENOTFOUND"), /correct --server/],
  [systemError("ERR_HTTP2_ERROR"), /does not speak gRPC/],
  [new ConnectError("timed out", Code.DeadlineExceeded), /--timeout/],
  [new ConnectError("reset", Code.Canceled), /broke: try again/],
])("a failure below gRPC says what to do: %s", (error, hint) => {
  expect(explain(error, ADDRESS)).toMatchObject({ line: expect.stringMatching(hint), exitCode: EXIT.unavailable });
});

test("whatever is thrown becomes one line", () => {
  expect(explain(new CliError("first\n  second", EXIT.notFound), ADDRESS)).toEqual({
    line: "first second",
    exitCode: EXIT.notFound,
  });
  expect(explain("text", ADDRESS)).toEqual({ line: "text", exitCode: EXIT.failed });
});

test("what passes by itself is told from what does not", () => {
  const transient = [
    Code.Unavailable,
    Code.Canceled,
    Code.Aborted,
    Code.Internal,
    Code.Unknown,
    Code.ResourceExhausted,
  ];
  const permanent = [Code.InvalidArgument, Code.NotFound, Code.FailedPrecondition, Code.Unimplemented];
  expect(transient.filter((code) => !isTransient(new ConnectError("", code)))).toEqual([]);
  expect(permanent.filter((code) => isTransient(new ConnectError("", code)))).toEqual([]);
  expect(isTransient(new TypeError("a fault of ours"))).toBe(false);
});

test("a failed request of a session carries what a unary error would", () => {
  const info = create(ErrorInfoSchema, { reason: "SUPERSEDED", domain: "portolan" });
  const failure = create(FailureSchema, {
    code: Code.FailedPrecondition,
    message: "taken",
    details: [anyPack(ErrorInfoSchema, info)],
  });
  const error = failureError(failure);
  expect([error.code, error.rawMessage, reasonOf(error)]).toEqual([Code.FailedPrecondition, "taken", "SUPERSEDED"]);
});
