import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { type ProbeAddresses, parseProbeAddresses } from "../../../../src/registry/health/probe/addresses.js";
import { Resolver, ResolverFull } from "../../../../src/registry/health/probe/resolver.js";
import { type Deferred, deferred } from "../../../support/deferred.js";
import { FakeClock } from "../../../support/fake-clock.js";

/** A resolver whose names a test answers. */
class Lab {
  readonly clock = new FakeClock();
  /** Names that were looked up, in order, with what answers them. */
  readonly asked: { readonly name: string; readonly answer: Deferred<readonly string[]> }[] = [];
  readonly resolver: Resolver;

  constructor(allowed = "any") {
    this.resolver = new Resolver({
      clock: this.clock,
      addresses: parseProbeAddresses(allowed) as ProbeAddresses,
      lookup: (name) => {
        const answer = deferred<readonly string[]>();
        this.asked.push({ name, answer });
        return answer.promise;
      },
    });
  }

  get names(): string[] {
    return this.asked.map(({ name }) => name);
  }

  /** Asks, and has the lookup that this begins answered. */
  async resolved(name: string, addresses: readonly string[]): Promise<readonly string[]> {
    const resolving = this.resolver.resolve(name);
    await setImmediate();
    this.asked.at(-1)?.answer.resolve(addresses);
    return await resolving;
  }
}

test("a literal address is resolved by nobody", async () => {
  const lab = new Lab();
  expect(await lab.resolver.resolve("10.0.0.1")).toEqual(["10.0.0.1"]);
  expect(lab.names).toEqual([]);
});

test("of a name's addresses only those are answered that may be probed, and four at most", async () => {
  const lab = new Lab("private");
  expect(await lab.resolved("a.test", ["8.8.8.8", "10.0.0.1", "169.254.169.254", "10.0.0.2"])).toEqual([
    "10.0.0.1",
    "10.0.0.2",
  ]);
  expect(await lab.resolved("b.test", ["169.254.169.254"])).toEqual([]);
  const many = Array.from({ length: 9 }, (_, n) => `10.0.0.${n}`);
  expect(await lab.resolved("c.test", many)).toEqual(many.slice(0, 4));
});

test("a name is believed for 30 s, and then asked again", async () => {
  const lab = new Lab();
  await lab.resolved("a.test", ["10.0.0.1"]);
  lab.clock.advance(29_999);
  expect(await lab.resolver.resolve("a.test")).toEqual(["10.0.0.1"]);
  expect(lab.names).toEqual(["a.test"]);
  lab.clock.advance(1);
  expect(await lab.resolved("a.test", ["10.0.0.2"])).toEqual(["10.0.0.2"]);
});

test("a failure is not remembered", async () => {
  const lab = new Lab();
  const failing = lab.resolver.resolve("a.test");
  await setImmediate();
  lab.asked[0]?.answer.reject(new Error("no such name"));
  await expect(failing).rejects.toThrow("no such name");
  expect(await lab.resolved("a.test", ["10.0.0.1"])).toEqual(["10.0.0.1"]);
});

test("two names are looked up at once; the others wait in order, each once, however long it takes", async () => {
  const lab = new Lab();
  const first = Promise.allSettled(["a", "b", "c", "d", "c"].map((name) => lab.resolver.resolve(name)));
  await setImmediate();
  lab.clock.advance(600_000);
  const later = Promise.allSettled(["c", "a"].map((name) => lab.resolver.resolve(name)));
  await setImmediate();
  expect(lab.names).toEqual(["a", "b"]);
  expect(["a", "b", "c", "d"].filter((name) => lab.resolver.waits(name))).toEqual(["c", "d"]);
  lab.asked[1]?.answer.reject(new Error("b"));
  await setImmediate();
  expect(lab.names).toEqual(["a", "b", "c"]);
  lab.asked[0]?.answer.resolve(["10.0.0.1"]);
  lab.asked[2]?.answer.resolve(["10.0.0.3"]);
  await setImmediate();
  expect(lab.names).toEqual(["a", "b", "c", "d"]);
  lab.asked[3]?.answer.resolve(["10.0.0.4"]);
  const ended = [...(await first), ...(await later)].map(({ status }) => status);
  expect(ended).toEqual(["fulfilled", "rejected", ...Array(5).fill("fulfilled")]);
  expect(lab.names).toHaveLength(4);
});

test("more than 10,000 names that wait are refused", async () => {
  const lab = new Lab();
  for (let n = 0; n < 10_002; n++) void lab.resolver.resolve(`n-${n}`);
  await setImmediate();
  await expect(lab.resolver.resolve("one-more")).rejects.toThrow(ResolverFull);
  expect(lab.resolver.waits("one-more")).toBe(false);
});
