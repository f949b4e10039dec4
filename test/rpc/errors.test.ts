import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../../gen/google/rpc/error_details_pb.js";
import { DomainError } from "../../src/model/index.js";
import { type AnyFault, FAULT_TABLE } from "../../src/rpc/fault-table.js";
import { EdgeError, statusOf, toStatus } from "../../src/rpc/index.js";
import { codeName } from "../../src/rpc/metrics.js";
import { toGrpcStatus } from "../../src/rpc/rpc-status.js";
import { DOCUMENTED } from "../support/documented.js";

/** One fault of each reason; the compiler asks for all of them. */
const SAMPLES: { readonly [R in AnyFault["reason"]]: Omit<Extract<AnyFault, { reason: R }>, "reason"> } = {
  FIELDS_INVALID: { violations: [{ field: "a.b", description: "is required" }] },
  PAGE_TOKEN_INVALID: {},
  PAGE_EXPIRED: {},
  NOT_FOUND: { type: "service", name: "checkout" },
  REVISION_CONFLICT: { name: "checkout", expected: 3n, actual: 4n },
  SERVICE_NOT_EMPTY: { name: "checkout", instances: 2 },
  SUPERSEDED: { name: "checkout/a" },
  SESSION_TAKEN_OVER: { sessionId: "s-1" },
  SESSION_NOT_OPEN: { detail: "open comes once" },
  REVISION_OUT_OF_RANGE: { requested: 9n, oldest: 1n, current: 8n },
  LIMIT_EXCEEDED: { limit: "max-sessions", max: 10, retryAfterMs: 1_500 },
  STORE_UNAVAILABLE: { retryAfterMs: 1_000 },
  SHUTTING_DOWN: { retryAfterMs: 1_000 },
  REVISION_NOT_REACHED: { wanted: 9n, current: 8n },
  UNIMPLEMENTED: { what: "/a.B/C" },
  REQUEST_UNREADABLE: { detail: "garbage" },
  MESSAGE_TOO_LARGE: { maxBytes: 4 },
  ENCODING_UNSUPPORTED: {},
  CANCELLED: {},
  DEADLINE_EXCEEDED: {},
  INTERNAL: { incident: "abc" },
};

const ALL = Object.entries(SAMPLES).map(([reason, facts]) => ({ reason, ...facts }) as AnyFault);

function quiet() {
  const lines: string[] = [];
  return { lines, log: pino({ level: "debug" }, { write: (line: string) => void lines.push(line) }) };
}

describe("every fault", () => {
  test.each(ALL)("$reason carries its reason in ErrorInfo, first of its details", (fault) => {
    const [first] = statusOf(fault).details;
    expect(first && anyUnpack(first, ErrorInfoSchema)).toMatchObject({ reason: fault.reason, domain: "portolan" });
  });

  test.each(ALL)("$reason is told in one sentence of at most 1,024 characters", (fault) => {
    const { message } = statusOf(fault);
    expect(message).toMatch(/^\S[^\n]{8,1023}$/);
  });
});

test("proto/README.md lists exactly the reasons of the table", () => {
  expect([...DOCUMENTED.keys()].sort()).toEqual(Object.keys(FAULT_TABLE).sort());
});

test.each(ALL)("proto/README.md gives $reason the code and the details that it has", (fault) => {
  const { code, details } = statusOf(fault);
  const names = details.map(({ typeUrl }) => typeUrl.slice(typeUrl.lastIndexOf(".") + 1));
  expect(DOCUMENTED.get(fault.reason)).toEqual({ code: codeName(code), details: names.slice(1) });
});

describe("details", () => {
  test("BadRequest lists every violation", () => {
    const violations = Array.from({ length: 20 }, (_, i) => ({ field: `f[${i}]`, description: "must be more" }));
    const { details } = statusOf({ reason: "FIELDS_INVALID", violations });
    expect(details[1] && anyUnpack(details[1], BadRequestSchema)?.fieldViolations).toMatchObject(violations);
  });

  test("of violations without end those that fit are listed, and how many are not", () => {
    const violations = Array.from({ length: 5_000 }, (_, i) => ({ field: `f[${i}]`, description: "must be more" }));
    const status = statusOf({ reason: "FIELDS_INVALID", violations });
    const listed = (status.details[1] && anyUnpack(status.details[1], BadRequestSchema))?.fieldViolations ?? [];
    expect(listed.length).toBeGreaterThan(50);
    expect(listed.at(-1)?.description).toBe(`${5_000 - listed.length + 1} more faults`);
    const header = toGrpcStatus(status).metadata.toHttp2Headers()["grpc-status-details-bin"];
    expect(String(header).length).toBeLessThan(8_192);
  });

  test("what is too long for the list stands in it alone, with how many more there are", () => {
    const violations = Array.from({ length: 2 }, () => ({ field: "f", description: "x".repeat(5_000) }));
    const { details } = statusOf({ reason: "FIELDS_INVALID", violations });
    const listed = (details[1] && anyUnpack(details[1], BadRequestSchema))?.fieldViolations ?? [];
    expect(listed).toMatchObject([{ field: "f" }, { field: "", description: "1 more fault" }]);
  });

  test("ResourceInfo names what is not there", () => {
    const { details } = statusOf({ reason: "NOT_FOUND", type: "session", name: "s-1" });
    expect(details[1] && anyUnpack(details[1], ResourceInfoSchema)).toMatchObject({
      resourceType: "session",
      resourceName: "s-1",
    });
  });

  test("RetryInfo says how long to wait, to the millisecond", () => {
    const { details } = statusOf({ reason: "STORE_UNAVAILABLE", retryAfterMs: 1_250 });
    expect(details[1] && anyUnpack(details[1], RetryInfoSchema)?.retryDelay).toMatchObject({
      seconds: 1n,
      nanos: 250_000_000,
    });
  });

  test("ErrorInfo carries the facts of a conflict", () => {
    const { details } = statusOf({ reason: "REVISION_CONFLICT", name: "a", expected: 3n, actual: 5n });
    expect(details[0] && anyUnpack(details[0], ErrorInfoSchema)?.metadata).toEqual({
      name: "a",
      expected: "3",
      actual: "5",
    });
  });
});

describe("the text", () => {
  test.each([
    [1, 'service "default/a" has 1 registered instance: deregister it first, or set cascade'],
    [2, 'service "default/a" has 2 registered instances: deregister them first, or set cascade'],
  ])("counts %d registered", (instances, message) => {
    expect(statusOf({ reason: "SERVICE_NOT_EMPTY", name: "default/a", instances }).message).toBe(message);
  });

  test("of a session that is not there says to open a new one, and of other things to create them", () => {
    const missing = (type: string) => statusOf({ reason: "NOT_FOUND", type, name: "n" }).message;
    expect(missing("session")).toBe(
      'there is no session "n": it ended, or never was; open a new one and register again',
    );
    expect(missing("service")).toBe('there is no service "n": check its name and namespace, or create it first');
  });

  test("of a passed deadline fits answers and streams", () => {
    expect(statusOf({ reason: "DEADLINE_EXCEEDED" }).message).toBe(
      "the call did not end before its deadline: allow more time, or set none for a stream that is to go on",
    );
  });
});

describe("what was thrown", () => {
  test("and nobody foresaw leaves as INTERNAL with an incident id, and its cause is logged under that id", () => {
    const { lines, log } = quiet();
    const status = toStatus(new Error("password of the database"), log);
    expect(status.code).toBe(Code.Internal);
    expect(JSON.stringify(status, (_, value) => (typeof value === "bigint" ? String(value) : value))).not.toContain(
      "password",
    );
    const incident = /incident (\w+)/.exec(status.message)?.[1];
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      level: 50,
      incident,
      err: { message: "password of the database" },
    });
  });

  test.each([
    ["a DomainError", new DomainError({ reason: "PAGE_EXPIRED" }), "PAGE_EXPIRED"],
    ["an EdgeError", new EdgeError({ reason: "DEADLINE_EXCEEDED" }), "DEADLINE_EXCEEDED"],
    ["an abort", new DOMException("aborted", "AbortError"), "CANCELLED"],
    ["a timeout", new DOMException("too late", "TimeoutError"), "DEADLINE_EXCEEDED"],
    ["Connect's cancellation", new ConnectError("gone", Code.Canceled), "CANCELLED"],
    ["Connect's deadline", new ConnectError("late", Code.DeadlineExceeded), "DEADLINE_EXCEEDED"],
    [
      "an abort whose cause is a fault",
      abortedBy(new DomainError({ reason: "SHUTTING_DOWN", retryAfterMs: 1 })),
      "SHUTTING_DOWN",
    ],
  ])("as %s keeps its reason and is not logged", (_, error, reason) => {
    const { lines, log } = quiet();
    expect(toStatus(error, log).reason).toBe(reason);
    expect(lines).toEqual([]);
  });

  test("is no Error at all leaves as INTERNAL", () => {
    expect(toStatus("a string", quiet().log).reason).toBe("INTERNAL");
    expect(toStatus(undefined, quiet().log).reason).toBe("INTERNAL");
  });

  test("keeps no half of a character and no line break in its text", () => {
    const name = `${"😀".repeat(2_000)}\uD800\nnext`;
    const { message } = statusOf({ reason: "NOT_FOUND", type: "service", name });
    expect(message.length).toBeLessThanOrEqual(1_024);
    expect(() => encodeURI(message)).not.toThrow();
  });
});

/** As Node throws it from what was given a signal. */
function abortedBy(cause: Error): Error {
  return Object.assign(new Error("The operation was aborted", { cause }), { name: "AbortError" });
}
