import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import pino from "pino";
import { Registry } from "prom-client";
import type { Node } from "../../../gen/xds/envoy/config/core/v3/base_pb.js";
import { ClusterLoadAssignmentSchema } from "../../../gen/xds/envoy/config/endpoint/v3/endpoint_pb.js";
import {
  DeltaDiscoveryRequestSchema,
  DiscoveryRequestSchema,
} from "../../../gen/xds/envoy/service/discovery/v3/discovery_pb.js";
import type { Endpoint } from "../../../src/model/index.js";
import { type CatalogueXds, createXds, createXdsMetrics, type NackEvent, TYPE_URLS } from "../../../src/xds/index.js";
import type { Outgoing } from "../../../src/xds/streams/xds-stream.js";
import type { ResourceType } from "../../../src/xds/types.js";
import { type Bench, openBench } from "../../discovery/bench.js";
import { Channel } from "./channel.js";
import { grpcNode } from "./nodes.js";

/** xDS over a catalogue in memory, with the streams that a test opens. */
export class XdsLab implements AsyncDisposable {
  readonly nacks: NackEvent[] = [];
  readonly metrics = new Registry();
  readonly xds: CatalogueXds;

  private constructor(readonly bench: Bench) {
    let xds: CatalogueXds | undefined;
    xds = createXds({
      discovery: bench.discovery,
      clock: bench.clock,
      log: pino({ level: "silent" }),
      metrics: createXdsMetrics(this.metrics, () => xds?.resources ?? 0),
      onNack: (event) => this.nacks.push(event),
    });
    this.xds = xds;
  }

  static async open(): Promise<XdsLab> {
    return new XdsLab(await openBench());
  }

  sotw(node: Node = grpcNode()): XdsClientLab {
    return new XdsClientLab(this.xds, "sotw", node);
  }

  delta(node: Node = grpcNode()): XdsClientLab {
    return new XdsClientLab(this.xds, "delta", node);
  }

  /** How many resources of a type were made. */
  async built(type: ResourceType): Promise<number> {
    const metric = await this.metrics.getSingleMetric("portolan_xds_built_resources_total")?.get();
    return metric?.values.find(({ labels }) => labels.type === type)?.value ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.xds[Symbol.asyncDispose]();
    await this.bench[Symbol.asyncDispose]();
  }
}

/** One stream, as its client uses it. */
export class XdsClientLab {
  readonly #requests = new Channel<never>();
  readonly #responses: AsyncIterator<Outgoing>;
  readonly #variant: "sotw" | "delta";
  #node: Node | undefined;

  constructor(xds: CatalogueXds, variant: "sotw" | "delta", node: Node | undefined) {
    this.#variant = variant;
    this.#node = node;
    const origin = { address: "127.0.0.1:1" };
    this.#responses = xds[variant](this.#requests, origin)[Symbol.asyncIterator]();
  }

  /** Asks for names of a type; a delta client adds them. */
  ask(
    type: ResourceType | string,
    names: readonly string[] = [],
    answer: { nonce?: string; error?: string } = {},
  ): this {
    const typeUrl = type in TYPE_URLS ? TYPE_URLS[type as ResourceType] : type;
    const { nonce: responseNonce = "", error } = answer;
    const said: MessageInitShape<typeof DiscoveryRequestSchema> & object = {
      typeUrl,
      responseNonce,
      ...(this.#node && { node: this.#node }),
      ...(error !== undefined && { errorDetail: { code: Code.InvalidArgument, message: error } }),
    };
    this.#node = undefined;
    const request =
      this.#variant === "sotw"
        ? create(DiscoveryRequestSchema, { ...said, resourceNames: [...names] })
        : create(DeltaDiscoveryRequestSchema, { ...said, resourceNamesSubscribe: [...names] });
    this.#requests.push(request as never);
    return this;
  }

  /** The next response; fails when the stream ended. */
  async next(): Promise<Outgoing> {
    const { done, value } = await this.#responses.next();
    if (done) throw new Error("the stream ended");
    return value;
  }

  /** The next response, taken. @param names what a state-of-the-world client wants from then on. */
  async take(names: readonly string[] = []): Promise<Outgoing> {
    const outgoing = await this.next();
    this.ask(outgoing.type, this.#variant === "sotw" ? names : [], { nonce: outgoing.nonce });
    return outgoing;
  }

  /** How the stream ends. */
  async ended(): Promise<unknown> {
    for (;;) {
      const { done } = await this.#responses.next();
      if (done) return undefined;
    }
  }

  /** Has no more requests. */
  close(): void {
    this.#requests.end();
  }
}

/** Names of the resources in a response. */
export function namesOf({ resources }: Outgoing): string[] {
  return resources.map(({ name }) => name);
}

/** "host:port" of all endpoints of the only assignment in a response. */
export function addressesOf({ resources }: Outgoing): string[] {
  const [resource] = resources;
  if (!resource || resources.length > 1)
    throw new Error(`one assignment was expected, and there are ${resources.length}`);
  const { endpoints } = fromBinary(ClusterLoadAssignmentSchema, resource.any.value);
  return endpoints.flatMap(({ lbEndpoints }) =>
    lbEndpoints.map(({ hostIdentifier }) => {
      const socket = hostIdentifier.case === "endpoint" ? hostIdentifier.value.address?.address : undefined;
      return socket?.case === "socketAddress" ? `${socket.value.address}:${socket.value.portSpecifier.value}` : "";
    }),
  );
}

/** Fields of an instance that listens at a host. */
export const at = (host: string, rest: Partial<Endpoint> = {}): { endpoints: Endpoint[] } => ({
  endpoints: [{ name: "grpc", host, port: 80, protocol: "grpc", tls: false, ...rest }],
});
