import type { MessageInitShape } from "@bufbuild/protobuf";
import { HealthStatus } from "../../../gen/xds/envoy/config/core/v3/health_check_pb.js";
import type { LbEndpointSchema } from "../../../gen/xds/envoy/config/endpoint/v3/endpoint_components_pb.js";
import { ClusterLoadAssignmentSchema } from "../../../gen/xds/envoy/config/endpoint/v3/endpoint_pb.js";
import { createResource, type Resource } from "../resource.js";
import { socketAddress } from "./addresses.js";
import type { Assignment } from "./cluster.js";
import type { LbGroup, LbTarget } from "./localities.js";

/** The endpoints of a cluster, as they are now. A service without instances has an empty assignment, which is sent at once. */
export function endpointAssignment(name: string, groups: readonly LbGroup[]): Resource {
  return createResource("endpoints", name, ClusterLoadAssignmentSchema, assignment(name, groups));
}

/** The same as it stands within a cluster that has its endpoints itself. */
export function assignment(clusterName: string, groups: readonly LbGroup[]): Assignment {
  return {
    clusterName,
    endpoints: groups.map(({ locality, priority, weight, targets }) => ({
      locality,
      priority,
      loadBalancingWeight: weight,
      lbEndpoints: targets.map(lbEndpoint),
    })),
  };
}

function lbEndpoint({ host, port, draining, weight }: LbTarget): MessageInitShape<typeof LbEndpointSchema> {
  return {
    hostIdentifier: { case: "endpoint", value: { address: socketAddress(host, port) } },
    healthStatus: draining ? HealthStatus.DRAINING : HealthStatus.HEALTHY,
    loadBalancingWeight: weight,
  };
}
