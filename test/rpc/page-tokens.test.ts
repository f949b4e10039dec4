import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ListInstancesRequestSchema, RegistryService } from "../../gen/portolan/registry/v1/registry_pb.js";
import { DomainError } from "../../src/model/index.js";
import { createPageTokens, pageScope } from "../../src/rpc/page-tokens.js";
import { FakeClock } from "../support/fake-clock.js";

const secret = Buffer.alloc(32, 7);
const scope = Buffer.from("listing");

function reasonOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return error instanceof DomainError ? error.fault.reason : String(error);
  }
}

test("a token gives back what was sealed, also to another replica of the same store", () => {
  const clock = new FakeClock();
  const replica = createPageTokens({ secret, clock });
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (payload) => {
      expect(replica.open(scope, createPageTokens({ secret, clock }).seal(scope, payload))).toBe(payload);
    }),
  );
});

test("a token lives for five minutes of the wall clock", () => {
  const clock = new FakeClock();
  const tokens = createPageTokens({ secret, clock });
  const token = tokens.seal(scope, "x");
  clock.advance(300_000);
  expect(tokens.open(scope, token)).toBe("x");
  clock.advance(1);
  expect(reasonOf(() => tokens.open(scope, token))).toBe("PAGE_EXPIRED");
});

test("a token that was changed anywhere is refused", () => {
  const tokens = createPageTokens({ secret, clock: new FakeClock() });
  const token = tokens.seal(scope, "payload");
  for (let index = 0; index < token.length; index++) {
    const other = token.charAt(index) === "A" ? "B" : "A";
    const changed = token.slice(0, index) + other + token.slice(index + 1);
    expect(
      reasonOf(() => tokens.open(scope, changed)),
      `at ${index}`,
    ).toBe("PAGE_TOKEN_INVALID");
  }
});

test.each(["", "x", "not base64 !", "A".repeat(4_096), Buffer.alloc(40).toString("base64url")])(
  "%j is no token, and does no harm",
  (token) => {
    expect(reasonOf(() => createPageTokens({ secret, clock: new FakeClock() }).open(scope, token))).toBe(
      "PAGE_TOKEN_INVALID",
    );
  },
);

test("a token of another store or another listing is refused", () => {
  const clock = new FakeClock();
  const token = createPageTokens({ secret, clock }).seal(scope, "x");
  const other = createPageTokens({ secret: Buffer.alloc(32, 8), clock });
  expect(reasonOf(() => other.open(scope, token))).toBe("PAGE_TOKEN_INVALID");
  expect(reasonOf(() => createPageTokens({ secret, clock }).open(Buffer.from("other"), token))).toBe(
    "PAGE_TOKEN_INVALID",
  );
});

test("a scope is the method and the request but for its page", () => {
  const { listInstances, listServices } = RegistryService.method;
  const of = (service: string, pageSize = 0, pageToken = "") =>
    Buffer.from(
      pageScope(listInstances, create(ListInstancesRequestSchema, { service, pageSize, pageToken })),
    ).toString("hex");
  expect(of("a", 5, "token")).toBe(of("a"));
  expect(of("b")).not.toBe(of("a"));
  const elsewhere = pageScope(listServices, create(RegistryService.method.listServices.input));
  expect(Buffer.from(elsewhere).toString("hex")).not.toBe(of(""));
});
