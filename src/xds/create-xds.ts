import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { StreamAccessLogsMessage } from "../../gen/xds/envoy/service/accesslog/v3/als_pb.js";
import type { DeltaDiscoveryRequest, DiscoveryRequest } from "../../gen/xds/envoy/service/discovery/v3/discovery_pb.js";
import type { LoadStatsRequest } from "../../gen/xds/envoy/service/load_stats/v3/lrs_pb.js";
import type { Discovery } from "../discovery/index.js";
import { invalidField } from "../model/index.js";
import type { Clock } from "../stream/index.js";
import { Builder } from "./builder.js";
import { describeClient, describeResources } from "./clients.js";
import type { XdsMetrics } from "./metrics.js";
import { parseServiceName } from "./names.js";
import { Namespaces } from "./namespaces.js";
import { readNode, type XdsNode } from "./node.js";
import { Refresher } from "./refresher.js";
import { accessLines } from "./reports/access-lines.js";
import type { AccessLine } from "./reports/access-log.js";
import type { LoadReport, Whereabouts } from "./reports/load-report.js";
import { type LoadOrder, loadOrders } from "./reports/load-reporting.js";
import { Services } from "./services.js";
import { Conversation } from "./streams/conversation.js";
import { type Outgoing, type StreamHost, type Variant, XdsStream } from "./streams/xds-stream.js";
import { composeDelta, composeSotw } from "./subscription/compose.js";
import { type Taken, takeDelta, takeSotw } from "./subscription/take.js";
import type { Refusal, TypeState } from "./subscription/type-state.js";
import { Topics } from "./topics.js";
import { type ResourceType, typeOfUrl } from "./types.js";
import type { ClientResource, NackEvent, StreamOrigin, Xds, XdsClient } from "./xds.js";

/** What xDS needs. */
export interface XdsOptions {
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: XdsMetrics;
  /** Called with what clients refuse. Must not throw. */
  readonly onNack: (event: NackEvent) => void;
  /** Names that one stream may ask for. Default 10,000. */
  readonly maxNames?: number;
  /** How often clients report their load, in milliseconds. Default 10,000. */
  readonly loadReportIntervalMs?: number;
  /** Calls `run` soon. Default `setImmediate`. */
  readonly soon?: (run: () => void) => void;
}

/** Of what a client says when it refuses, so much is kept. */
const MAX_ERROR = 4_096;
/** Of one refusal, at most so many resources become events. */
const MAX_EVENTS = 10;

/** Serves xDS from a catalogue, from now on until it is disposed of. */
export function createXds(options: XdsOptions): CatalogueXds {
  return new CatalogueXds(options);
}

/** `Xds` over the catalogue. Make it with `createXds`. */
export class CatalogueXds implements Xds {
  readonly #options: XdsOptions;
  readonly #services: Services;
  readonly #topics: Topics;
  readonly #refresher: Refresher;
  readonly #host: StreamHost;
  readonly #streams = new Set<XdsStream>();
  readonly #unsubscribe: () => void;

  constructor(options: XdsOptions) {
    this.#options = options;
    const { discovery, clock, metrics, log, maxNames = 10_000, soon } = options;
    const services = new Services(discovery);
    const namespaces = new Namespaces(services);
    this.#services = services;
    this.#topics = new Topics({
      recipes: new Builder(services, (namespace) => namespaces.shapes(namespace)),
      onBuilt: (type) => metrics.built(type),
      onFailure: (type, name, err) => {
        metrics.failed(type);
        log.error({ err, type, name }, "an xDS resource could not be made: its clients keep the one before");
      },
      onNamespaceIdle: (namespace) => namespaces.forget(namespace),
    });
    this.#refresher = new Refresher({ topics: this.#topics, namespaces, clock, ...(soon && { soon }) });
    this.#host = { topics: this.#topics, clock, maxNames, events: this.#events() };
    this.#unsubscribe = discovery.onChange((changed, atMs) => this.#refresher.changed(changed, atMs));
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** How many resources are asked for. */
  get resources(): number {
    return this.#topics.size;
  }

  sotw(requests: AsyncIterable<DiscoveryRequest>, origin: StreamOrigin): AsyncIterable<Outgoing> {
    const stream = this.#open("sotw", origin);
    const take = (request: DiscoveryRequest) => {
      const { versionInfo, resourceNames: names, responseNonce: nonce, errorDetail } = request;
      const asked = { versionInfo, names, nonce, ...(errorDetail && { error: textOf(errorDetail) }) };
      this.#take(stream, request, names, (state) => takeSotw(state, asked));
    };
    return this.#converse(stream, requests, take);
  }

  delta(requests: AsyncIterable<DeltaDiscoveryRequest>, origin: StreamOrigin): AsyncIterable<Outgoing> {
    const stream = this.#open("delta", origin);
    const take = (request: DeltaDiscoveryRequest) => {
      const {
        resourceNamesSubscribe: subscribe,
        resourceNamesUnsubscribe: unsubscribe,
        responseNonce: nonce,
      } = request;
      const { initialResourceVersions: initialVersions, errorDetail } = request;
      const asked = {
        subscribe,
        unsubscribe,
        initialVersions,
        nonce,
        ...(errorDetail && { error: textOf(errorDetail) }),
      };
      this.#take(stream, request, subscribe, (state) => takeDelta(state, asked));
    };
    return this.#converse(stream, requests, take);
  }

  loadReports(
    requests: AsyncIterable<LoadStatsRequest>,
    onReport: (report: LoadReport) => void,
  ): AsyncIterable<LoadOrder> {
    const { clock, loadReportIntervalMs: intervalMs = 10_000 } = this.#options;
    // Not by what is remembered of a namespace: that is kept up to date for those who are told of it, and only for as long.
    const builder = new Builder(this.#services, (namespace) => this.#services.shapes(namespace));
    const clustersOf = (node: XdsNode) => builder.members("cluster", node);
    const whereabouts: Whereabouts = (service) => this.#services.whereabouts({ ...service, endpoint: "" });
    return loadOrders(requests, { clock, intervalMs, whereabouts, clustersOf, onReport });
  }

  accessLines(messages: AsyncIterable<StreamAccessLogsMessage>): AsyncIterable<readonly AccessLine[]> {
    return accessLines(messages, (service) => this.#services.whereabouts(service));
  }

  clients(node: string): XdsClient[] {
    return this.#of(node).flatMap((stream) => describeClient(stream) ?? []);
  }

  clientResources(node: string): ClientResource[] {
    return this.#of(node).flatMap(describeResources);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#refresher.close();
    for (const stream of this.#streams) stream.close();
  }

  #of(node: string): XdsStream[] {
    return [...this.#streams].filter((stream) => node === "" || stream.node?.id === node);
  }

  #open(variant: Variant, { address }: StreamOrigin): XdsStream {
    const compose = variant === "sotw" ? composeSotw : composeDelta;
    const tag = randomBytes(4).toString("hex");
    const stream = new XdsStream({ host: this.#host, variant, compose, tag, address });
    this.#streams.add(stream);
    this.#options.metrics.streams(variant, 1);
    return stream;
  }

  #take(
    stream: XdsStream,
    request: DiscoveryRequest | DeltaDiscoveryRequest,
    names: readonly string[],
    apply: (state: TypeState) => Taken,
  ): void {
    stream.identify(() => readNode(request.node));
    if (request.typeUrl === "") throw invalidField("type_url", "is required: this stream carries several types");
    const type = typeOfUrl(request.typeUrl);
    if (type) stream.take(type, names, apply);
    else this.#options.metrics.unknownType();
  }

  #converse<Request>(
    stream: XdsStream,
    requests: AsyncIterable<Request>,
    take: (request: Request) => void,
  ): Conversation<Request> {
    const onEnd = () => {
      stream.close();
      this.#streams.delete(stream);
      this.#options.metrics.streams(stream.variant, -1);
    };
    return new Conversation({ stream, requests, take, onEnd });
  }

  #events(): StreamHost["events"] {
    const { metrics, clock } = this.#options;
    return {
      responded: (type, { resources }) => metrics.responded(type, resources.length),
      acknowledged: (type, { committedAtMs }) =>
        metrics.acknowledged(type, committedAtMs === 0 ? undefined : clock.wallMs() - committedAtMs),
      refused: (stream, type, refusal) => this.#refused(stream, type, refusal),
    };
  }

  #refused(stream: XdsStream, resourceType: ResourceType, { names, message }: Refusal): void {
    const { metrics, clock, log, onNack } = this.#options;
    const { id: node = "", userAgent = "", namespace = "" } = stream.node ?? {};
    const { address } = stream;
    metrics.refused(resourceType);
    log.warn(
      { node, address, type: resourceType, resources: names, message },
      "an xDS client refused what it was sent",
    );
    const told = {
      type: "xds.nacked",
      timeMs: clock.wallMs(),
      node,
      address,
      userAgent,
      resourceType,
      message,
    } as const;
    for (const resource of names.length > 0 ? names.slice(0, MAX_EVENTS) : [""]) {
      const service = parseServiceName(resource, namespace);
      onNack({ ...told, resource, namespace: service?.namespace ?? "", service: service?.name ?? "" });
    }
  }
}

function textOf({ message }: { readonly message: string }): string {
  return message.trim().slice(0, MAX_ERROR);
}
