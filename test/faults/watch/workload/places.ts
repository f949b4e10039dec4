import { Health } from "../../../../gen/portolan/registry/v1/registry_pb.js";
import type { Random } from "../../support/campaign.js";
import { FILTERS, type WatchedTarget, type Watching } from "../record/watching.js";
import { type Content, REGION, serviceAsContent } from "../truth/content.js";

/** Services that are written to, by namespace. */
const SERVICES: readonly (readonly [namespace: string, service: string])[] = [
  ["default", "orders"],
  ["default", "users"],
  ["default", "mail"],
  ["default", "search"],
  ["blue", "orders"],
  ["blue", "ledger"],
  ["default", "brief"],
  ["blue", "brief"],
];
const ZONES = ["a", "b", "c"];

export function anyService(random: Random): { readonly namespace: string; readonly service: string } {
  const [namespace, service] = random.pick(SERVICES);
  return { namespace, service };
}

/** A service to describe or to delete: most often one that comes and goes all the time. */
export function anyBriefService(random: Random): { readonly namespace: string; readonly service: string } {
  if (random.chance(0.2)) return anyService(random);
  return { namespace: random.pick(["default", "blue"]), service: "brief" };
}

/** What an instance says of itself; no two are alike, so none can pass for another. */
export function anyContent(
  random: Random,
  place: { namespace: string; service: string; id: string },
  mark: string,
): Content {
  return {
    ...place,
    endpoints: [
      { name: "grpc", port: 1 + random.below(65_535) },
      ...(random.chance(0.7) ? [{ name: "http", port: 8_080 }] : []),
    ],
    zone: random.pick(ZONES),
    weight: random.chance(0.2) ? undefined : random.below(1_000),
    version: random.pick(["1", "2", "3"]),
    labels: {
      mark,
      ...(random.chance(0.5) && { tier: random.pick(["gold", "iron"]) }),
      ...(random.chance(0.3) && { canary: "" }),
    },
    health: random.pick([
      Health.SERVING,
      Health.SERVING,
      Health.SERVING,
      Health.DEGRADED,
      Health.NOT_SERVING,
      Health.STARTING,
    ]),
  };
}

/** A way to watch: one target, several, all of a namespace, some of them twice. */
export function anyWatching(random: Random): Watching {
  const count = random.chance(0.5) ? 1 : 2 + random.below(4);
  const targets = Array.from({ length: count }, () => anyTarget(random));
  const [first] = targets;
  if (first && random.chance(0.2)) targets.push(first);
  const region = random.chance(0.5) ? "" : random.chance(0.8) ? REGION : "south";
  return {
    targets,
    region,
    zone: region !== "" && random.chance(0.7) ? random.pick(ZONES) : "",
    includeUnhealthy: random.chance(0.4),
    bookmarkIntervalMs: 1_000 + random.below(2_000),
  };
}

/** A way to watch services: of one namespace or of all, some of them by their description. */
export function anyWatchingOfServices(random: Random): Watching {
  const namespace = random.pick(["default", "blue", "*"]);
  const odd = random.chance(0.5);
  const matches = ({ id, version }: Content) =>
    (namespace === "*" || id.startsWith(`${namespace}/`)) && (!odd || version.startsWith("odd"));
  const filter = odd ? 'service.description.startsWith("odd")' : "";
  const { namespace: all, service } = serviceAsContent("", "", "");
  return {
    targets: [{ namespace: all, service, endpointName: "", filter: { text: filter, matches } }],
    region: "",
    zone: "",
    includeUnhealthy: false,
    bookmarkIntervalMs: 1_000 + random.below(2_000),
    services: { namespace, filter },
  };
}

function anyTarget(random: Random): WatchedTarget {
  const { namespace, service } = anyService(random);
  const named = random.chance(0.03) ? "nobody" : service;
  return {
    namespace,
    service: random.chance(0.3) ? "*" : named,
    endpointName: random.chance(0.2) ? "http" : "",
    ...(random.chance(0.4) && { filter: random.pick(FILTERS) }),
  };
}
