import type { Recipes, Source } from "./builder.js";
import type { XdsNode } from "./node.js";
import type { Subscriber } from "./topic.js";
import type { ResourceType } from "./types.js";

/** What a wildcard covers for nodes that look alike. */
export class Membership {
  readonly source: Source;
  readonly subscribers = new Set<Subscriber>();
  names: ReadonlySet<string>;
  readonly #read: () => string[];

  constructor(type: ResourceType, node: XdsNode, recipes: Recipes) {
    const { namespace } = node;
    this.source = recipes.membersChange(type, node) ? { kind: "namespace", namespace } : { kind: "node" };
    this.#read = () => recipes.members(type, node);
    this.names = new Set(this.#read());
  }

  refresh(): { readonly added: string[]; readonly removed: string[] } {
    const before = this.names;
    const names = new Set(this.#read());
    this.names = names;
    return {
      added: [...names].filter((name) => !before.has(name)),
      removed: [...before].filter((name) => !names.has(name)),
    };
  }
}
