import type { ServiceImpl } from "@connectrpc/connect";
import type { AdminService, BackupResponse, Member } from "../../../gen/portolan/admin/v1/admin_pb.js";
import type { Discovery } from "../../discovery/index.js";
import type { Registry } from "../../registry/index.js";
import type { Store } from "../../store/index.js";
import { type Clock, mapped } from "../../stream/index.js";
import { type Rules, validate } from "../rules/index.js";
import { durationToProto, timestampToProto } from "../translate/index.js";

/** What AdminService needs. */
export interface AdminServiceOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly discovery: Discovery;
  readonly rules: Rules;
  readonly clock: Clock;
  /** The product's version. */
  readonly version: string;
  /** Where this server answers gRPC, once it is bound: "127.0.0.1:7070". */
  readonly address: () => string;
}

/** Answers AdminService, for those who run the control plane. Its uptime counts from here. */
export function createAdminService(options: AdminServiceOptions): ServiceImpl<typeof AdminService> {
  const { store, registry, discovery, rules, clock, version, address } = options;
  const startedAtMs = clock.wallMs();
  const startedMs = clock.monotonicMs();
  return {
    getInfo(request) {
      validate(rules, request);
      const { kind, revision, compactedRevision } = store.status();
      const { services, instances, watches } = discovery.counts();
      return {
        version,
        store: kind,
        revision,
        oldestRevision: compactedRevision,
        startedAt: timestampToProto(startedAtMs),
        uptime: durationToProto(clock.monotonicMs() - startedMs),
        services,
        instances,
        sessions: registry.sessionCounts().attached,
        watches,
        members: [alone(address(), clock)],
      };
    },
    backup(request, { signal }) {
      validate(rules, request);
      return mapped(store.backup({ signal }), chunkToProto);
    },
    async compact(request) {
      validate(rules, request);
      return { oldestRevision: await store.compact(request.revision) };
    },
  };
}

/** The only member of a store that one process has open. */
function alone(address: string, clock: Clock): Member {
  return {
    $typeName: "portolan.admin.v1.Member",
    id: address,
    address,
    leader: true,
    lastSeen: timestampToProto(clock.wallMs()),
  };
}

function chunkToProto(chunk: Uint8Array): BackupResponse {
  return { $typeName: "portolan.admin.v1.BackupResponse", chunk: chunk as BackupResponse["chunk"] };
}
