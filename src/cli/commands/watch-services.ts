import {
  type ServiceRef,
  type WatchServicesResponse,
  WatchServicesResponseSchema,
} from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import type { Service } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { type Context, interruption } from "../context.js";
import { durationOf } from "../duration.js";
import { follow } from "../follow.js";
import { formatCount, formatHead } from "../format.js";
import { BOOKMARK_INTERVAL_MS, SILENT_INTERVALS } from "./watch-timing.js";

/** What to watch of the list of services. */
export interface WatchServicesOptions {
  /** A CEL expression over `service`. */
  readonly filter?: string;
  /** Ends when everything there is was printed. */
  readonly once?: boolean;
  /** Prints bookmarks too. */
  readonly verbose?: boolean;
}

/** Prints the services, then every change of the list as it comes, until Ctrl-C. */
export async function watchServices(context: Context, options: WatchServicesOptions): Promise<void> {
  const { plane, out } = context;
  using interrupted = interruption(context.io);
  const view = new ServicesView();
  let revision = 0n;
  await follow<WatchServicesResponse>({
    io: context.io,
    address: plane.address,
    signal: interrupted.signal,
    silenceMs: SILENT_INTERVALS * BOOKMARK_INTERVAL_MS,
    reconnect: !options.once,
    say: (line) => out.say(line),
    open: (signal) =>
      plane.discovery.watchServices(
        {
          namespace: context.namespace,
          filter: options.filter ?? "",
          afterRevision: revision,
          bookmarkInterval: durationOf(BOOKMARK_INTERVAL_MS),
        },
        { signal, timeoutMs: 0 },
      ),
    async onMessage(response) {
      if (response.revision !== 0n) revision = response.revision;
      const isBookmark = !response.reset && !response.synced && response.put.length + response.removed.length === 0;
      if (!isBookmark || options.verbose) {
        await out.item(WatchServicesResponseSchema, response, () =>
          formatResponse(context, view, response, isBookmark),
        );
      }
      return options.once === true && response.synced;
    },
  });
}

/** "namespace/name" -> service; as `WatchView`, a reset only casts doubt. */
class ServicesView {
  readonly known = new Map<string, Service>();
  readonly #doubtful = new Set<string>();

  /** Takes a response in; answers [sign, name, remark] of what it changed. */
  apply(response: WatchServicesResponse): [sign: "+" | "~" | "-", name: string, remark: string][] {
    if (response.reset) for (const key of this.known.keys()) this.#doubtful.add(key);
    const removed = response.removed.map(keyOf).filter((key) => this.#remove(key));
    const put = response.put.flatMap((service) => this.#put(service));
    const settled = response.synced ? [...this.#doubtful].filter((key) => this.#remove(key)) : [];
    return [...[...removed, ...settled].map((key): ["-", string, string] => ["-", key, ""]), ...put];
  }

  #put(service: Service): ["+" | "~", string, string][] {
    const key = keyOf(service);
    const before = this.known.get(key);
    this.known.set(key, service);
    this.#doubtful.delete(key);
    if (before?.modRevision === service.modRevision) return [];
    return [[before ? "~" : "+", key, service.description]];
  }

  #remove(key: string): boolean {
    this.#doubtful.delete(key);
    return this.known.delete(key);
  }
}

function keyOf(service: Service | ServiceRef): string {
  return `${service.namespace}/${service.name}`;
}

function formatResponse(
  context: Context,
  view: ServicesView,
  response: WatchServicesResponse,
  isBookmark: boolean,
): string {
  const { palette, io } = context;
  const head = formatHead(response, io.clock.wallMs(), palette);
  const colours = { "+": palette.green, "~": palette.yellow, "-": palette.red };
  const lines = view
    .apply(response)
    .map(([sign, name, remark]) => `${colours[sign](sign)} ${name}  ${remark}`.trimEnd());
  if (response.synced) lines.push(palette.bold(`synced: ${formatCount(view.known.size, "service")}`));
  if (isBookmark) lines.push(palette.dim("bookmark"));
  return lines.map((line) => `${head}  ${line}\n`).join("");
}
