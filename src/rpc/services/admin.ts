import type { ServiceImpl } from "@connectrpc/connect";
import type { AdminService, BackupResponse, Member } from "../../../gen/portolan/admin/v1/admin_pb.js";
import type { Discovery } from "../../discovery/index.js";
import type { Registry } from "../../registry/index.js";
import type { Store } from "../../store/index.js";
import { type Clock, mapped } from "../../stream/index.js";
import { validate } from "../rules/index.js";
import { durationToProto, timestampToProto } from "../translate/index.js";
import { type XdsCallsOptions, xdsCalls } from "./xds-calls.js";

/** What AdminService needs. */
export interface AdminServiceOptions extends Omit<XdsCallsOptions, "revision"> {
  readonly store: Store;
  readonly registry: Registry;
  readonly discovery: Discovery;
  /** The product's version. */
  readonly version: string;
  /** Where this server answers gRPC, once it is bound: "127.0.0.1:7070". */
  readonly address: () => string;
}

/** Answers AdminService, for those who run the control plane. Its uptime counts from here. */
export function createAdminService(options: AdminServiceOptions): ServiceImpl<typeof AdminService> {
  const { store, registry, discovery, xds, rules, clock, version, address } = options;
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
        xdsStreams: xds.streams,
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
    ...xdsCalls({ ...options, revision: () => discovery.revision }),
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
