import { Code, ConnectError } from "@connectrpc/connect";
import type { Random } from "../support/campaign.js";
import type { Book } from "./book.js";
import type { Clients } from "./clients.js";

const FOREVER = { seconds: 0n, nanos: 0 };

/** Writes until a call fails because the plane is gone. */
export type Writer = (clients: Clients, book: Book, random: Random) => Promise<void>;

/** Registers, updates and deregisters one instance of its own. */
export function soloWriter(id: string): Writer {
  const key = `solo/${id}`;
  let registered = false;
  return async ({ registry }, book, random) => {
    for (;;) {
      const version = textOf(random);
      const instance = anInstance("solo", id, version);
      if (registered && random.chance(0.2)) {
        await book.write(new Map([[key, undefined]]), () => registry.deregister({ instance: { service: "solo", id } }));
        registered = false;
      } else if (registered && random.chance(0.6)) {
        const updateMask = { paths: ["version", "labels"] };
        await book.write(new Map([[key, version]]), () => registry.updateInstance({ instance, updateMask }));
      } else {
        await book.write(new Map([[key, version]]), () => registry.register({ instance, ttl: FOREVER }));
        registered = true;
      }
    }
  };
}

/** Registers several instances in one batch. */
export function batchWriter(name: string, size: number): Writer {
  const ids = Array.from({ length: size }, (_, index) => `${name}-${index}`);
  return async ({ registry }, book, random) => {
    for (;;) {
      const version = textOf(random);
      const requests = ids.map((id) => ({ instance: anInstance("batch", id, version), ttl: FOREVER }));
      const effect = new Map(ids.map((id) => [`batch/${id}`, version]));
      await book.write(effect, () => registry.registerBatch({ requests }));
    }
  };
}

/** Raises a counter that it shares with others, by compare-and-set. What it was answered is in `counted`. */
export function countingWriter(counted: { newest: number }): Writer {
  return async ({ registry }, book) => {
    for (;;) {
      const read = await registry.getInstance({ instance: { service: "shared", id: "counter" } }).catch(orMissing);
      const next = Number(read?.instance?.version ?? 0) + 1;
      const expectedRevision = read?.instance?.modRevision ?? 0n;
      const instance = anInstance("shared", "counter", String(next));
      try {
        await book.write(new Map(), () => registry.register({ instance, ttl: FOREVER, expectedRevision }));
        counted.newest = Math.max(counted.newest, next);
      } catch (error) {
        if (ConnectError.from(error).code !== Code.Aborted) throw error;
        book.refused();
      }
    }
  };
}

/** An instance whose content is all in its version; the label is there for its weight. */
export function anInstance(service: string, id: string, version: string) {
  return { service, id, version, endpoints: [{ host: "10.0.0.1", port: 80 }], labels: { copy: version } };
}

function textOf(random: Random): string {
  return `v${random.below(2 ** 30)}-${"x".repeat(random.below(80))}`;
}

function orMissing(error: unknown): undefined {
  if (ConnectError.from(error).code !== Code.NotFound) throw error;
}
