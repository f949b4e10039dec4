import { expect, test } from "vitest";
import type { Commit } from "../../src/store/index.js";
import { Ledger } from "../../src/store/ledger.js";
import { deleting, putting } from "../suites/store/kit.js";
import { anInstance, keyOfInstance, keyOfService } from "../support/entities.js";

const A = keyOfInstance("pay", "a");

function aLedger() {
  const ledger = new Ledger({ revision: 0n, committedAtMs: 0, entities: [], sessions: [] });
  const accept = (commit: Commit) => {
    const decision = ledger.decide(commit, 1_000);
    ledger.accept(decision);
    return decision;
  };
  return { ledger, accept };
}

test("what is ahead of a step stays ahead when that step becomes durable", () => {
  const { ledger, accept } = aLedger();
  const first = accept(putting(anInstance("pay", "a", { version: "1" })));
  const second = accept(putting(anInstance("pay", "a", { version: "2" })));
  ledger.advance(first);
  expect(ledger.peek(A)?.value).toMatchObject({ version: "2", modRevision: 2n, createRevision: 1n });
  expect(ledger.entity(A)?.value).toMatchObject({ version: "1" });
  ledger.advance(second);
  expect(ledger.entity(A)?.value).toMatchObject({ version: "2" });
});

test("forgetting the lead brings back what is durable, members of services too", () => {
  const { ledger, accept } = aLedger();
  ledger.advance(accept(putting(anInstance("pay", "a"), anInstance("pay", "b"))));
  accept(deleting(A));
  accept(putting(anInstance("pay", "c"), anInstance("cart", "d")));
  accept(deleting(keyOfInstance("pay", "c")));
  ledger.rollback();
  expect([...ledger.peekInstances(keyOfService("pay"))].sort()).toEqual([A, keyOfInstance("pay", "b")]);
  expect([...ledger.peekInstances(keyOfService("cart"))]).toEqual([]);
  expect(ledger.peek(A)?.value.modRevision).toBe(1n);
  expect(accept(putting(anInstance("pay", "e"))).changeSet?.revision).toBe(2n);
});

test("deciding changes nothing", () => {
  const { ledger } = aLedger();
  const decide = () => ledger.decide(putting(anInstance("pay", "a")), 1_000).changeSet?.revision;
  expect([decide(), decide()]).toEqual([1n, 1n]);
  expect(ledger.peek(A)).toBeUndefined();
});

test("a precondition that fails names what it is about, as people read it", () => {
  const { ledger } = aLedger();
  const { conflict } = ledger.decide(
    { ...putting(anInstance("pay", "a")), expect: [{ key: A, modRevision: 7n }] },
    1_000,
  );
  expect(conflict?.fault).toEqual({ reason: "REVISION_CONFLICT", name: "default/pay/a", expected: 7n, actual: 0n });
});
