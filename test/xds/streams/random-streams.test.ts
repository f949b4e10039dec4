import fc from "fast-check";
import { expect, test } from "vitest";
import type { Outgoing, Variant } from "../../../src/xds/streams/xds-stream.js";
import { isComplete, RESOURCE_TYPES, type ResourceType } from "../../../src/xds/types.js";
import { StreamLab } from "../support/stream-lab.js";

const NAMES = ["a", "b", "c"] as const;
const type = fc.constantFrom(...RESOURCE_TYPES);
const name = fc.constantFrom(...NAMES);

const step = fc.oneof(
  fc.record({ do: fc.constant("put" as const), type, name, content: fc.constantFrom("1", "2", "bad") }),
  fc.record({ do: fc.constant("remove" as const), type, name }),
  fc.record({ do: fc.constant("ask" as const), type, names: fc.uniqueArray(fc.constantFrom(...NAMES, "*")) }),
  fc.record({ do: fc.constant("read" as const) }),
  fc.record({ do: fc.constant("answer" as const) }),
);

/** A client that takes everything but what is bad, and does with it what the protocol says. */
class Client {
  /** type -> name -> version that it holds. */
  readonly held = new Map<ResourceType, Map<string, string>>(RESOURCE_TYPES.map((one) => [one, new Map()]));
  readonly wanted = new Map<ResourceType, readonly string[]>();
  /** Types of which a name was ever asked for: an empty list is nothing then. */
  readonly named = new Set<ResourceType>();
  readonly #unanswered: { readonly outgoing: Outgoing; readonly bad: readonly string[] }[] = [];
  /** What it refused: type, name, version. */
  readonly #refused = new Set<string>();

  constructor(readonly lab: StreamLab) {}

  ask(of: ResourceType, names: readonly string[]): void {
    if (this.lab.variant === "delta" && names.length === 0) return;
    const before = this.wanted.get(of) ?? [];
    this.wanted.set(of, this.lab.variant === "sotw" ? names : [...new Set([...before, ...names])]);
    if (names.length > 0) this.named.add(of);
    this.lab.ask(of, names);
    if (this.lab.variant === "sotw") this.#forget(of);
  }

  /** Takes a response in; answers whether there was one. */
  read(): boolean {
    const outgoing = this.lab.stream.next();
    if (!outgoing) return false;
    const names = outgoing.resources.map((one) => one.name);
    expect(new Set(names).size, "a name twice in one response").toBe(names.length);
    const held = this.held.get(outgoing.type) ?? new Map<string, string>();
    if (this.lab.variant === "sotw" && isComplete(outgoing.type)) {
      for (const old of held.keys()) if (!names.includes(old)) held.delete(old);
    } else for (const { name: gone } of outgoing.missing) held.delete(gone);
    const bad: string[] = [];
    for (const one of outgoing.resources) this.#take(outgoing.type, one, held, bad);
    this.#unanswered.push({ outgoing, bad });
    return true;
  }

  /** Answers the oldest response; answers whether there was one. */
  answer(): boolean {
    const first = this.#unanswered.shift();
    if (!first) return false;
    const { outgoing, bad } = first;
    this.lab.answer(
      outgoing,
      this.wanted.get(outgoing.type) ?? [],
      bad.length > 0 ? `bad: ${bad.join(", ")}` : undefined,
    );
    return true;
  }

  #take(of: ResourceType, one: Outgoing["resources"][number], held: Map<string, string>, bad: string[]): void {
    const key = `${of} ${one.name} ${one.version}`;
    if (Buffer.from(one.any.value).toString() !== "bad") held.set(one.name, one.version);
    else {
      bad.push(one.name);
      expect(this.#refused.has(key), `${key} was refused, and comes again`).toBe(false);
      this.#refused.add(key);
    }
  }

  /** It holds only what it wants. */
  #forget(of: ResourceType): void {
    const wanted = this.wanted.get(of) ?? [];
    if (!this.named.has(of) || wanted.includes("*")) return;
    const held = this.held.get(of);
    for (const old of held?.keys() ?? []) if (!wanted.includes(old)) held?.delete(old);
  }

  refusedNow(of: ResourceType, one: string, version: string): boolean {
    return this.#refused.has(`${of} ${one} ${version}`);
  }

  /** A name that comes anew after another content may be refused anew. */
  changed(of: ResourceType, one: string): void {
    for (const key of this.#refused) if (key.startsWith(`${of} ${one} `)) this.#refused.delete(key);
  }
}

test.each<Variant>(["sotw", "delta"])("%s: whatever happens, a client ends up with what there is", (variant) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const lab = new StreamLab(variant);
      const client = new Client(lab);
      for (const one of steps) {
        if (one.do === "put") {
          const before = lab.topics.of(one.type).get(one.name)?.version;
          if (lab.topics.put(one.type, one.name, one.content).version !== before) client.changed(one.type, one.name);
        } else if (one.do === "remove") {
          lab.topics.remove(one.type, one.name);
          client.changed(one.type, one.name);
        } else if (one.do === "ask") client.ask(one.type, one.names);
        else if (one.do === "read") client.read();
        else client.answer();
      }
      for (let rounds = 0; client.read() || client.answer(); rounds++)
        expect(rounds, "it never ends").toBeLessThan(500);
      for (const of of RESOURCE_TYPES) expectInSync(client, of);
    }),
    { numRuns: 400 },
  );
});

function expectInSync(client: Client, of: ResourceType): void {
  const wanted = client.wanted.get(of);
  if (!wanted) return;
  const { variant, topics } = client.lab;
  const isAll = isComplete(of) && (wanted.includes("*") || !client.named.has(of));
  for (const [name, { version, any }] of topics.of(of)) {
    if (!isAll && !wanted.includes(name)) continue;
    const isBad = Buffer.from(any.value).toString() === "bad";
    if (isBad) expect(client.refusedNow(of, name, version), `${of} ${name} was never refused`).toBe(true);
    else expect(client.held.get(of)?.get(name), `${of} ${name}`).toBe(version);
  }
  // What state of the world cannot say: that endpoints or routes are gone.
  if (variant === "sotw" && !isComplete(of)) return;
  for (const name of client.held.get(of)?.keys() ?? [])
    expect(topics.of(of).has(name), `${of} ${name} is gone`).toBe(true);
}
