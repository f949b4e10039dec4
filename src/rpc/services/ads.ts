import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { AggregatedDiscoveryService } from "../../../gen/xds/envoy/service/discovery/v3/ads_pb.js";
import { mapped } from "../../stream/index.js";
import type { Outgoing, StreamOrigin, Xds } from "../../xds/index.js";
import { callerOf } from "../caller.js";
import { encodedBy } from "../grpc/encode.js";
import { writeDeltaResponse, writeDiscoveryResponse } from "../translate/encode-xds.js";
import { createXdsResponses } from "../translate/xds.js";

/** What AggregatedDiscoveryService needs. */
export interface AdsServiceOptions {
  readonly xds: Xds;
  /** How the plane names itself in its responses. */
  readonly identifier: string;
}

/** Answers Envoy's AggregatedDiscoveryService: xDS v3, in both variants. */
export function createAdsService({
  xds,
  identifier,
}: AdsServiceOptions): ServiceImpl<typeof AggregatedDiscoveryService> {
  const responses = createXdsResponses(identifier);
  const sotw = (outgoing: Outgoing) => {
    const response = responses.sotw(outgoing);
    return encodedBy(response, (writer) => writeDiscoveryResponse(writer, response));
  };
  const delta = (outgoing: Outgoing) => {
    const response = responses.delta(outgoing);
    return encodedBy(response, (writer) => writeDeltaResponse(writer, response));
  };
  return {
    streamAggregatedResources: (requests, context) => mapped(xds.sotw(requests, originOf(context)), sotw),
    deltaAggregatedResources: (requests, context) => mapped(xds.delta(requests, originOf(context)), delta),
  };
}

function originOf(context: HandlerContext): StreamOrigin {
  return { address: callerOf(context).address };
}
