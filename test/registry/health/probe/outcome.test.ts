import { expect, test } from "vitest";
import { failedBy, lacking } from "../../../../src/registry/health/probe/outcome.js";

const coded = (code: string, cause?: Error) => Object.assign(new Error("x", cause && { cause }), { code });

test.each([
  ["ECONNREFUSED", "connection refused"],
  ["HPE_INVALID_CONSTANT", "it did not answer as HTTP does"],
  ["ERR_HTTP2_ERROR", "it did not answer as HTTP/2 does"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "TLS failed"],
  ["ESTRANGE", "ESTRANGE"],
  ["", "connection failed"],
])("a probe that fails with %j says: %s", (code, reason) => {
  expect(failedBy(coded(code))).toEqual({ kind: "failed", reason, broken: true });
});

test("a call that ended with its connection says what ended that", () => {
  const error = coded("ERR_HTTP2_STREAM_CANCEL", coded("ECONNRESET"));
  expect(failedBy(error)).toMatchObject({ reason: "connection reset" });
});

test.each(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])("%s is our own lack, and no fault of the instance", (code) => {
  expect(failedBy(coded(code))).toEqual(lacking(expect.any(String)));
});
