import type { StreamAccessLogsMessage } from "../../../gen/xds/envoy/service/accesslog/v3/als_pb.js";
import { readNode, type XdsNode } from "../node.js";
import { type AccessLine, readAccessLogEntry } from "./access-log.js";
import type { Whereabouts } from "./load-report.js";

/**
 * The lines of a proxy's access log, batch by batch. Only the first message says who it is.
 *
 * @throws DomainError FIELDS_INVALID where the node's metadata cannot be read.
 */
export async function* accessLines(
  messages: AsyncIterable<StreamAccessLogsMessage>,
  whereabouts: Whereabouts,
): AsyncGenerator<readonly AccessLine[]> {
  let node: XdsNode | undefined;
  for await (const { identifier, logEntries } of messages) {
    node ??= readNode(identifier?.node, "identifier.node");
    if (logEntries.case !== "httpLogs") continue;
    const known = remembered(whereabouts);
    const from = node;
    yield logEntries.value.logEntry.flatMap((entry) => readAccessLogEntry(from, entry, known) ?? []);
  }
}

/** A batch has many lines of few services: each is looked up once. */
function remembered(whereabouts: Whereabouts): Whereabouts {
  const known = new Map<string, ReadonlyMap<string, string>>();
  return (service) => {
    const key = `${service.namespace}/${service.name}`;
    const there = known.get(key) ?? whereabouts({ ...service, endpoint: "" });
    known.set(key, there);
    return there;
  };
}
