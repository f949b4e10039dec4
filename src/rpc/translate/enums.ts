import { Health as ProtoHealth, Protocol as ProtoProtocol } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Health, Protocol } from "../../model/index.js";

const HEALTH: Readonly<Record<Health, ProtoHealth>> = {
  starting: ProtoHealth.STARTING,
  serving: ProtoHealth.SERVING,
  degraded: ProtoHealth.DEGRADED,
  draining: ProtoHealth.DRAINING,
  "not-serving": ProtoHealth.NOT_SERVING,
};

const PROTOCOL: Readonly<Record<Protocol, ProtoProtocol>> = {
  unspecified: ProtoProtocol.UNSPECIFIED,
  grpc: ProtoProtocol.GRPC,
  http: ProtoProtocol.HTTP,
  http2: ProtoProtocol.HTTP2,
  tcp: ProtoProtocol.TCP,
};

const HEALTH_BACK = inverted(HEALTH);
const PROTOCOL_BACK = inverted(PROTOCOL);

/** The public value of a health. */
export function healthToProto(health: Health): ProtoHealth {
  return HEALTH[health];
}

/** The health that a public value means; unset means serving. */
export function healthFromProto(health: ProtoHealth): Health {
  return HEALTH_BACK.get(health) ?? "serving";
}

/** The public value of a protocol. */
export function protocolToProto(protocol: Protocol): ProtoProtocol {
  return PROTOCOL[protocol];
}

/** The protocol that a public value means. */
export function protocolFromProto(protocol: ProtoProtocol): Protocol {
  return PROTOCOL_BACK.get(protocol) ?? "unspecified";
}

function inverted<K extends string, V>(record: Readonly<Record<K, V>>): ReadonlyMap<V, K> {
  return new Map((Object.entries(record) as [K, V][]).map(([key, value]) => [value, key]));
}
