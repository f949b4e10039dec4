import type { MessageInitShape } from "@bufbuild/protobuf";
import type { DiscoveredInstance } from "../../../../gen/portolan/discovery/v1/discovery_pb.js";
import { Health, type Instance, type InstanceSchema } from "../../../../gen/portolan/registry/v1/registry_pb.js";

/** What a writer says of an instance; all that a watch may tell of it follows from this and from its revisions. */
export interface Content {
  readonly namespace: string;
  readonly service: string;
  readonly id: string;
  readonly endpoints: readonly { readonly name: string; readonly port: number }[];
  readonly zone: string;
  /** Undefined where the writer does not say. */
  readonly weight: number | undefined;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly health: Health;
}

/** A content as it stood from one revision on. */
export interface Version {
  readonly content: Content;
  readonly createRevision: number;
  readonly modRevision: number;
}

/** How a consumer looks at instances. Empty texts mean "does not say". */
export interface Look {
  readonly endpointName: string;
  readonly region: string;
  readonly zone: string;
}

/** The region of all instances. */
export const REGION = "north";
const HOST = "10.1.2.3";
const DEFAULT_WEIGHT = 100;

/** A service as if it were an instance of the one service of its catalogue, so that streams of services are judged alike. */
export function serviceAsContent(namespace: string, name: string, description: string): Content {
  return {
    namespace: "",
    service: "services",
    id: `${namespace}/${name}`,
    endpoints: [],
    zone: "",
    weight: undefined,
    version: description,
    labels: {},
    health: Health.SERVING,
  };
}

/** True for an instance that consumers may call. */
export function isCallable({ health }: Content): boolean {
  return health === Health.SERVING || health === Health.DEGRADED;
}

/** The message that registers it. */
export function toInstance(content: Content): MessageInitShape<typeof InstanceSchema> {
  const { namespace, service, id, zone, weight, version, labels, health } = content;
  return {
    namespace,
    service,
    id,
    endpoints: content.endpoints.map(({ name, port }) => ({ name, host: HOST, port })),
    locality: { region: REGION, zone },
    ...(weight !== undefined && { weight }),
    version,
    labels: { ...labels },
    reportedHealth: health,
  };
}

/** All that a consumer who looks so must be told of it, as one text; undefined when it lacks the endpoint that he wants. */
export function expectedPrint(version: Version, look: Look): string | undefined {
  const { content } = version;
  const endpoints = content.endpoints.filter(({ name }) => look.endpointName === "" || name === look.endpointName);
  if (look.endpointName !== "" && endpoints.length === 0) return undefined;
  const fields = fieldsOf(
    content,
    endpoints.map(({ name, port }) => `${name}@${HOST}:${port}`),
  );
  return [...fields, version.createRevision, version.modRevision, priorityOf(content, look), effective(content)].join(
    " ",
  );
}

/** What a consumer was told of it, in the same words. */
export function toldPrint({ instance, priority, effectiveWeight }: DiscoveredInstance): string {
  if (!instance) return "nothing";
  const fields = fieldsOf(
    { ...instance, zone: instance.locality?.zone ?? "", health: instance.reportedHealth },
    instance.endpoints.map(({ name, host, port }) => `${name}@${host}:${port}`),
  );
  const told = [instance.createRevision, instance.modRevision, priority, effectiveWeight];
  return (
    [...fields, ...told].join(" ") + (instance.health === instance.reportedHealth ? "" : ` but ${instance.health}`)
  );
}

/** What ListInstances must say of it. */
export function listedPrint(instance: Instance): string {
  const plain = { instance, priority: 0, effectiveWeight: instance.weight ?? DEFAULT_WEIGHT };
  return toldPrint({ $typeName: "portolan.discovery.v1.DiscoveredInstance", ...plain });
}

function fieldsOf(
  content: Omit<Content, "endpoints" | "weight"> & { readonly weight?: number | undefined },
  endpoints: readonly string[],
): unknown[] {
  const { namespace, service, id, zone, weight, version, health } = content;
  const labels = Object.entries(content.labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  return [`${namespace}/${service}/${id}`, endpoints.join(), zone, weight ?? "-", version, labels.join(), health];
}

function priorityOf(content: Content, { region, zone }: Look): number {
  const wanted = region === "" ? [] : zone === "" ? [region] : [region, zone];
  if (wanted[0] !== undefined && wanted[0] !== REGION) return wanted.length;
  return wanted.length === 2 && wanted[1] !== content.zone ? 1 : 0;
}

function effective({ weight }: Content): number {
  return weight ?? DEFAULT_WEIGHT;
}
