import type { ServiceImpl } from "@connectrpc/connect";
import { RegistryService } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { ListedService } from "../../discovery/index.js";
import { DomainError, type Service, type ServiceRef } from "../../model/index.js";
import { callerOf } from "../caller.js";
import { pageScope } from "../page-tokens.js";
import { Pager } from "../pager.js";
import { validate } from "../rules/index.js";
import { namespaceFromProto, serviceFromProto, serviceRefFromProto, serviceToProto } from "../translate/index.js";
import { serviceWeight } from "./page-weight.js";
import type { RegistryServiceOptions } from "./registry-options.js";
import { required } from "./required.js";

type ServiceCalls = Pick<
  ServiceImpl<typeof RegistryService>,
  "putService" | "getService" | "listServices" | "deleteService"
>;

/** The calls about services. */
export function serviceCalls(options: RegistryServiceOptions): ServiceCalls {
  const { registry, discovery, rules, filters, clock, pageTokens } = options;
  const pager = new Pager<ListedService>({ tokens: pageTokens, clock, weigh: serviceWeight });
  const withCounts = (service: Service): ListedService => {
    const { instanceCount = 0, servingCount = 0, panic = false } = discovery.getService(service) ?? {};
    return { service, instanceCount, servingCount, panic };
  };
  return {
    async putService(request, context) {
      validate(rules, request);
      const draft = serviceFromProto(required(request.service));
      const { value, revision } = await registry.putService(draft, request.expectedRevision, callerOf(context));
      return { service: serviceToProto(withCounts(value)), revision };
    },
    getService(request) {
      validate(rules, request);
      const ref = serviceRefFromProto(request);
      const listed = discovery.getService(ref);
      if (!listed) throw unknownService(ref);
      return { service: serviceToProto(listed), revision: discovery.revision };
    },
    listServices(request) {
      validate(rules, request);
      const filter = filters.compile("service", request.filter);
      const scope = pageScope(RegistryService.method.listServices, request);
      const page = pager.page({ scope, pageSize: request.pageSize, pageToken: request.pageToken }, () => {
        const all = discovery.listServices(namespaceFromProto(request.namespace));
        const items = filter ? all.filter(({ service }) => filter.matches(service)) : all;
        return { revision: discovery.revision, items };
      });
      return {
        services: page.items.map(serviceToProto),
        nextPageToken: page.nextPageToken,
        revision: page.revision,
      };
    },
    async deleteService(request, context) {
      validate(rules, request);
      const { cascade, expectedRevision } = request;
      const conditions = { cascade, ...(expectedRevision !== undefined && { expectedRevision }) };
      return { revision: await registry.deleteService(serviceRefFromProto(request), conditions, callerOf(context)) };
    },
  };
}

function unknownService(ref: ServiceRef): DomainError {
  return new DomainError({ reason: "NOT_FOUND", type: "service", name: `${ref.namespace}/${ref.name}` });
}
