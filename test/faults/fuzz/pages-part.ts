import { type Client, Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import type { RegistryService } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { reasonOf } from "../../support/caught.js";
import type { Subject } from "./explore.js";

/** What is done to a token, or to the request that it goes with, before it is sent. */
interface Tampering {
  readonly how: "flip" | "cut" | "append" | "case" | "other service" | "other filter" | "other method" | "nothing";
  readonly place: number;
  readonly pageSize: number;
}

const SERVICE = "paged";
const INSTANCES = 7;

/** Registers what the listings are of. */
export async function registerPaged(registry: Client<typeof RegistryService>): Promise<void> {
  const requests = Array.from({ length: INSTANCES }, (_, index) => ({
    instance: { service: SERVICE, id: `p${index}`, endpoints: [{ host: "10.0.0.1", port: 80 }] },
    ttl: { seconds: 0n },
  }));
  await registry.registerBatch({ requests });
}

/** A listing goes on with its own token alone: a token that was tampered with, or is another listing's, is refused. */
export function pagesSubject(registry: Client<typeof RegistryService>): Subject<Tampering> {
  return {
    name: "a page token",
    any: fc.record({
      how: fc.constantFrom("flip", "cut", "append", "case", "other service", "other filter", "other method", "nothing"),
      place: fc.nat(),
      pageSize: fc.integer({ min: 1, max: INSTANCES - 1 }),
    }),
    async check(tampering) {
      const listing = { service: SERVICE, filter: "instance.id != 'x'", pageSize: tampering.pageSize };
      const first = await registry.listInstances(listing);
      const token = tampered(first.nextPageToken, tampering);
      const next = continued(registry, listing, token, tampering);
      if (tampering.how === "nothing") {
        const { instances } = await next;
        if (instances.length === 0 || instances.some(({ id }) => first.instances.some((one) => one.id === id)))
          throw new Error(`the second page repeats the first, or is empty: ${instances.map(({ id }) => id)}`);
        return;
      }
      const error = await next.then(
        () => undefined,
        (reason: unknown) => ConnectError.from(reason),
      );
      if (error?.code !== Code.InvalidArgument || reasonOf(error) !== "PAGE_TOKEN_INVALID")
        throw new Error(`"${token}" is answered with ${error ?? "a page"}`);
    },
  };
}

type Listing = { readonly service: string; readonly filter: string; readonly pageSize: number };

function continued(
  registry: Client<typeof RegistryService>,
  listing: Listing,
  pageToken: string,
  { how }: Tampering,
): Promise<{ readonly instances: readonly { readonly id: string }[] }> {
  if (how === "other method") return registry.listServices({ pageToken }).then(() => ({ instances: [] }));
  const service = how === "other service" ? "" : listing.service;
  const filter = how === "other filter" ? "" : listing.filter;
  return registry.listInstances({ ...listing, service, filter, pageToken });
}

function tampered(token: string, { how, place }: Tampering): string {
  const at = place % token.length;
  const character = token.charAt(at);
  if (how === "flip") return token.slice(0, at) + (character === "A" ? "B" : "A") + token.slice(at + 1);
  if (how === "cut") return token.slice(0, Math.max(1, at));
  if (how === "append") return `${token}${"=A!".charAt(place % 3)}`;
  if (how === "case") return token.toUpperCase() === token ? `${token}a` : token.toUpperCase();
  return token;
}
