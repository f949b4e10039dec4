import { RegistryService } from "../../../../gen/portolan/registry/v1/registry_pb.js";
import type { Random } from "../../support/campaign.js";
import { type Content, toInstance } from "../truth/content.js";
import type { Deed, Deeds } from "../truth/write.js";
import type { Wire } from "../wire.js";
import { anyBriefService, anyContent, anyService } from "./places.js";

const { method } = RegistryService;

export interface RepertoireOptions {
  readonly name: string;
  readonly wire: Wire;
  readonly random: Random;
  /** Ids that it writes in each service; nobody else writes them. */
  readonly ids: readonly string[];
  /** How long what it registers lives; undefined for ever. */
  readonly ttlMs?: number;
  /** The most instances of one batch. */
  readonly maxBatch: number;
}

/** One thing that a writer can do. */
export interface Write {
  readonly deeds: Deeds;
  /** Does it; answers the revision that the answer names, 0 where nothing was done. */
  readonly call: () => Promise<bigint>;
}

/** What a writer can do, and what it believes to stand. */
export class Repertoire {
  readonly #options: RepertoireOptions;
  /** "namespace/service/id" -> what it last wrote there. */
  readonly #held = new Map<string, Content>();
  #marks = 0;

  constructor(options: RepertoireOptions) {
    this.#options = options;
  }

  /** This was done. */
  note(deed: Deed): void {
    if (deed.kind === "put") this.#held.set(placeOf(deed.content), deed.content);
    else if (deed.kind === "remove") this.#held.delete(placeOf(deed));
  }

  /** Nobody knows whether this was done, or it was refused because what it was about is gone. */
  doubt(deed: Deed): void {
    if (deed.kind === "put") this.#held.delete(placeOf(deed.content));
  }

  /** Any of them; undefined where there is nothing to do it to. */
  choose(): Write | undefined {
    const choice = this.#options.random.below(1_000);
    if (choice < 540) return this.#registerBatch();
    if (choice < 680) return this.#register();
    if (choice < 820) return this.#update();
    if (choice < 930) return this.#deregister();
    if (choice < 970) return this.#putService();
    return this.#deleteService();
  }

  #anyPlace(): { namespace: string; service: string; id: string } {
    const { random, ids } = this.#options;
    return { ...anyService(random), id: random.pick(ids) };
  }

  #content(place = this.#anyPlace()): Content {
    return anyContent(this.#options.random, place, `${this.#options.name}.${this.#marks++}`);
  }

  get #ttl(): { readonly seconds: bigint; readonly nanos: number } {
    const { ttlMs = 0 } = this.#options;
    return { seconds: BigInt(Math.floor(ttlMs / 1_000)), nanos: (ttlMs % 1_000) * 1e6 };
  }

  #registerBatch(): Write {
    const contents = new Map<string, Content>();
    for (let left = 1 + this.#options.random.below(this.#options.maxBatch); left > 0; left--) {
      const content = this.#content();
      contents.set(placeOf(content), content);
    }
    const all = [...contents.values()];
    const requests = all.map((content) => ({ instance: toInstance(content), ttl: this.#ttl }));
    return {
      deeds: all.map((content) => ({ kind: "put", content })),
      call: async () => (await this.#options.wire.unary(method.registerBatch, { requests })).revision,
    };
  }

  #register(): Write {
    const content = this.#content();
    const request = { instance: toInstance(content), ttl: this.#ttl };
    return {
      deeds: [{ kind: "put", content }],
      call: async () => (await this.#options.wire.unary(method.register, request)).revision,
    };
  }

  #update(): Write | undefined {
    const { random, wire } = this.#options;
    if (this.#held.size === 0) return undefined;
    const before = random.pick([...this.#held.values()]);
    const drawn = this.#content(before);
    const field = random.pick(["weight", "version", "health", "zone"] as const);
    const content: Content = {
      ...before,
      labels: drawn.labels,
      ...(field === "weight" ? { weight: drawn.weight ?? 7 } : { [field]: drawn[field] }),
    };
    const path = { weight: "weight", version: "version", health: "reported_health", zone: "locality" }[field];
    const request = { instance: toInstance(content), updateMask: { paths: ["labels", path] } };
    return {
      deeds: [{ kind: "put", content }],
      call: async () => (await wire.unary(method.updateInstance, request)).revision,
    };
  }

  #deregister(): Write | undefined {
    const { random, wire } = this.#options;
    if (this.#held.size === 0) return undefined;
    const { namespace, service, id } = random.pick([...this.#held.values()]);
    return {
      deeds: [{ kind: "remove", namespace, service, id }],
      call: async () => (await wire.unary(method.deregister, { instance: { namespace, service, id } })).revision,
    };
  }

  #putService(): Write {
    const place = anyBriefService(this.#options.random);
    const service = {
      namespace: place.namespace,
      name: place.service,
      description: `${this.#options.random.pick(["odd", "even"])}.${this.#options.name}.${this.#marks++}`,
    };
    return {
      deeds: [{ kind: "put-service", ...place, description: service.description }],
      call: async () => (await this.#options.wire.unary(method.putService, { service })).revision,
    };
  }

  #deleteService(): Write {
    const place = anyBriefService(this.#options.random);
    const request = { namespace: place.namespace, name: place.service, cascade: true };
    return {
      deeds: [{ kind: "delete-service", ...place }],
      call: async () => (await this.#options.wire.unary(method.deleteService, request)).revision,
    };
  }
}

function placeOf({
  namespace,
  service,
  id,
}: {
  readonly namespace: string;
  readonly service: string;
  readonly id: string;
}): string {
  return `${namespace}/${service}/${id}`;
}
