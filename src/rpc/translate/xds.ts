import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  type XdsClient as ProtoXdsClient,
  type XdsResource as ProtoXdsResource,
  XdsClientSchema,
  XdsResourceSchema,
} from "../../../gen/portolan/admin/v1/admin_pb.js";
import {
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
  type ResourceError,
  ResourceErrorSchema,
  ResourceSchema,
} from "../../../gen/xds/envoy/service/discovery/v3/discovery_pb.js";
import { type ClientResource, type Outgoing, TYPE_URLS, type XdsClient } from "../../xds/index.js";
import { timestampToProto } from "./time.js";

/** Responses of both variants. @param identifier how the plane names itself in them. */
export function createXdsResponses(identifier: string) {
  const controlPlane = { identifier };
  return {
    sotw({ type, nonce, version, resources, missing }: Outgoing): DiscoveryResponse {
      return create(DiscoveryResponseSchema, {
        versionInfo: version,
        resources: resources.map(({ any }) => any),
        typeUrl: TYPE_URLS[type],
        nonce,
        controlPlane,
        resourceErrors: missing.map(resourceError),
      });
    },
    delta({ type, nonce, version, resources, missing }: Outgoing): DeltaDiscoveryResponse {
      return create(DeltaDiscoveryResponseSchema, {
        systemVersionInfo: version,
        resources: resources.map(({ name, version, any }) => create(ResourceSchema, { name, version, resource: any })),
        typeUrl: TYPE_URLS[type],
        nonce,
        controlPlane,
        removedResources: missing.map(({ name }) => name),
        resourceErrors: missing.filter(({ failure }) => failure !== undefined).map(resourceError),
      });
    },
  };
}

/** What is wrong with a name, for those who read it (cncf/xds TP3); others wait for it, or see that it is absent. */
function resourceError({ name, failure }: Outgoing["missing"][number]): ResourceError {
  const code = failure === undefined ? Code.NotFound : Code.Internal;
  const message = failure === undefined ? `${name} does not exist` : `${name} could not be made: ${failure}`;
  return create(ResourceErrorSchema, { resourceName: { name }, errorDetail: { code, message } });
}

/** A connected client. */
export function xdsClientToProto(client: XdsClient): ProtoXdsClient {
  const { kind, variant, connectedAtMs, types, ...rest } = client;
  return create(XdsClientSchema, {
    ...rest,
    proxy: kind === "envoy",
    delta: variant === "delta",
    connectedAt: timestampToProto(connectedAtMs),
    types: [...types],
  });
}

/** What a stream has of a resource. */
export function xdsResourceToProto(resource: ClientResource): ProtoXdsResource {
  return create(XdsResourceSchema, resource);
}
