import { type Group, groupsOf } from "./recording.js";
import type { Told } from "./told.js";

interface HeldService {
  exists: boolean;
  /** id -> what was told of it last. */
  readonly instances: Map<string, string>;
}

/** What a client holds, kept as the contract says: pieces count when the response that completes them is there. */
export class ClientView {
  /** "target namespace/service" -> what is held of it. */
  readonly services = new Map<string, HeldService>();
  /** To resume after; 0 while nothing is complete. */
  revision = 0;
  #pieces: Told[] = [];

  take(told: Told): void {
    this.#pieces.push(told);
    if (told.revision === 0 && !told.synced) return;
    const [group] = groupsOf({ responses: this.#pieces, arrivedMs: [] });
    this.#pieces = [];
    if (group) this.#apply(group);
  }

  /** The stream broke: pieces that were not completed count for nothing. */
  dropPieces(): void {
    this.#pieces = [];
  }

  /** As it stands, for later. */
  copy(): ClientView {
    const copy = new ClientView();
    copy.revision = this.revision;
    for (const [key, { exists, instances }] of this.services) {
      copy.services.set(key, { exists, instances: new Map(instances) });
    }
    return copy;
  }

  #apply(group: Group): void {
    if (group.reset) this.services.clear();
    for (const [key, { exists, reset, put, removed }] of group.services) {
      const held = this.services.get(key);
      const instances = reset || !held ? new Map<string, string>() : held.instances;
      for (const id of removed) instances.delete(id);
      for (const [id, { print }] of put) instances.set(id, print);
      this.services.set(key, { exists, instances });
    }
    this.revision = group.revision;
  }
}
