import { Health as HealthCode, Protocol as ProtocolCode } from "../../../gen/portolan/store/v1/store_pb.js";
import type { Cause, Health, Protocol } from "../../model/index.js";

/** word -> its number at rest. */
export const HEALTH_CODES: Readonly<Record<Health, HealthCode>> = {
  serving: HealthCode.SERVING,
  degraded: HealthCode.DEGRADED,
  starting: HealthCode.STARTING,
  draining: HealthCode.DRAINING,
  "not-serving": HealthCode.NOT_SERVING,
};

/** word -> its number at rest. */
export const PROTOCOL_CODES: Readonly<Record<Protocol, ProtocolCode>> = {
  unspecified: ProtocolCode.UNSPECIFIED,
  grpc: ProtocolCode.GRPC,
  http: ProtocolCode.HTTP,
  http2: ProtocolCode.HTTP2,
  tcp: ProtocolCode.TCP,
};

/** Every cause: at rest it is its own word. */
const CAUSES: Readonly<Record<Cause, true>> = {
  register: true,
  update: true,
  deregister: true,
  drain: true,
  drained: true,
  override: true,
  health: true,
  "lease-expired": true,
  "session-closed": true,
  "session-expired": true,
  "service-put": true,
  "service-deleted": true,
};

const HEALTHS = byCode(HEALTH_CODES);
const PROTOCOLS = byCode(PROTOCOL_CODES);

/** @throws RangeError for a number that this program does not know. */
export function healthOf(code: number): Health {
  return known(HEALTHS.get(code), "health", code);
}

/** @throws RangeError for a number that this program does not know. */
export function protocolOf(code: number): Protocol {
  return known(PROTOCOLS.get(code), "protocol", code);
}

/** @throws RangeError for a word that this program does not know. */
export function causeOf(word: string): Cause {
  return known(isCause(word) ? word : undefined, "cause", word);
}

function isCause(word: string): word is Cause {
  return Object.hasOwn(CAUSES, word);
}

function byCode<T extends string>(codes: Readonly<Record<T, number>>): ReadonlyMap<number, T> {
  const words = Object.keys(codes) as T[];
  return new Map(words.map((word) => [codes[word], word]));
}

function known<T>(value: T | undefined, what: string, code: number | string): T {
  if (value === undefined) throw new RangeError(`unknown ${what} ${code}`);
  return value;
}
