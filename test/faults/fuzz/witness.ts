import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { AdminService } from "../../../gen/portolan/admin/v1/admin_pb.js";
import { RegistryService } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { TelemetryService } from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { PATIENCE_MS } from "./call.js";

/** Somebody who asks rightly, and sees what a fuzzed request has done. */
export class Witness {
  readonly registry: Client<typeof RegistryService>;
  readonly #admin: Client<typeof AdminService>;
  readonly #telemetry: Client<typeof TelemetryService>;

  constructor(transport: Transport) {
    this.registry = createClient(RegistryService, transport);
    this.#admin = createClient(AdminService, transport);
    this.#telemetry = createClient(TelemetryService, transport);
  }

  async revision(): Promise<bigint> {
    return (await this.#admin.getInfo({}, { timeoutMs: PATIENCE_MS })).revision;
  }

  /** Who else but the plane itself, whose leases and drains end at any time, committed after `before`. */
  async committersSince(before: bigint): Promise<readonly string[]> {
    const current = await this.revision();
    if (current === before) return [];
    const actors = new Set<string>();
    const tail = this.#telemetry.tailEvents({ afterRevision: before }, { timeoutMs: PATIENCE_MS });
    for await (const { events } of tail) {
      for (const { actor, revision } of events) if (revision > before && revision <= current) actors.add(actor);
      if (events.some(({ revision }) => revision >= current)) break;
    }
    return [...actors].filter((actor) => !actor.startsWith("system:"));
  }
}
