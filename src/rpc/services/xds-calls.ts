import type { ServiceImpl } from "@connectrpc/connect";
import { AdminService } from "../../../gen/portolan/admin/v1/admin_pb.js";
import type { Clock } from "../../stream/index.js";
import type { ClientResource, Xds, XdsClient } from "../../xds/index.js";
import { type PageTokens, pageScope } from "../page-tokens.js";
import { Pager } from "../pager.js";
import { type Rules, validate } from "../rules/index.js";
import { xdsClientToProto, xdsResourceToProto } from "../translate/xds.js";

/** What the calls about xDS clients need. */
export interface XdsCallsOptions {
  readonly xds: Xds;
  readonly rules: Rules;
  readonly clock: Clock;
  readonly pageTokens: PageTokens;
  /** The revision that reads show. */
  readonly revision: () => bigint;
}

/** What the fields of fixed length of a message take at most, in bytes. */
const FIXED_BYTES = 200;

/** The calls about xDS clients. */
export function xdsCalls(
  options: XdsCallsOptions,
): Pick<ServiceImpl<typeof AdminService>, "listXdsClients" | "listXdsResources"> {
  const { xds, rules, clock, pageTokens, revision } = options;
  const { listXdsClients, listXdsResources } = AdminService.method;
  const clients = new Pager<XdsClient>({ tokens: pageTokens, clock, weigh: clientWeight });
  const resources = new Pager<ClientResource>({ tokens: pageTokens, clock, weigh: resourceWeight });
  return {
    listXdsClients(request) {
      validate(rules, request);
      const scope = pageScope(listXdsClients, request);
      const list = () => ({ revision: revision(), items: xds.clients(request.node) });
      const { items, nextPageToken } = clients.page({ ...request, scope }, list);
      return { clients: items.map(xdsClientToProto), nextPageToken };
    },
    listXdsResources(request) {
      validate(rules, request);
      const scope = pageScope(listXdsResources, request);
      const list = () => ({ revision: revision(), items: xds.clientResources(request.node) });
      const { items, nextPageToken } = resources.page({ ...request, scope }, list);
      return { resources: items.map(xdsResourceToProto), nextPageToken };
    },
  };
}

function clientWeight({ node, userAgent, types }: XdsClient): number {
  const errors = types.reduce((sum, { error }) => sum + FIXED_BYTES + Buffer.byteLength(error), 0);
  return FIXED_BYTES + errors + Buffer.byteLength(node + userAgent);
}

function resourceWeight({ name }: ClientResource): number {
  return FIXED_BYTES + Buffer.byteLength(name);
}
