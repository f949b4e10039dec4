import type { Clock } from "../../../stream/index.js";
import { Attempt, type Barred } from "./attempt.js";
import type { Place } from "./connect.js";
import { GrpcProbe } from "./grpc-probe.js";
import { HttpProbe } from "./http-probe.js";
import { failedBy, lacking, type Outcome, VOID } from "./outcome.js";
import type { ProbeClient, Report } from "./probe-client.js";
import type { ProbedInstance } from "./probed-instance.js";
import { type Resolver, ResolverFull } from "./resolver.js";
import type { ProbeTarget } from "./target.js";
import { TcpProbe } from "./tcp-probe.js";

type Names = Pick<Resolver, "resolve" | "waits">;

/** A client, and the address that it was made for. */
interface Chosen {
  readonly address: string;
  readonly probe: ProbeClient;
}

/**
 * Probes an instance once, over the connection that is kept if there is one. Never rejects.
 *
 * The time limit is over all of it: the name, connecting, TLS, the answer.
 */
export async function runProbe(
  instance: ProbedInstance,
  { clock, resolver }: { readonly clock: Clock; readonly resolver: Names },
): Promise<Outcome | Barred> {
  const { host, check } = instance.target;
  const attempt = new Attempt({ clock, timeoutMs: check.timeoutMs, waits: () => resolver.waits(host) });
  instance.giveUp = () => attempt.end(VOID);
  void probe(instance, resolver, attempt).then((came) => attempt.end(came));
  const came = await attempt.ended;
  instance.giveUp = undefined;
  return came;
}

/** Never rejects. */
async function probe(instance: ProbedInstance, resolver: Names, attempt: Attempt): Promise<Outcome | Barred> {
  const { host } = instance.target;
  try {
    const addresses = await resolver.resolve(host);
    if (addresses.length === 0) return { kind: "barred", reason: `not probed: ${host} is not among --probe-addresses` };
    return await askInTurn(instance, addresses, attempt);
  } catch (error) {
    return error instanceof ResolverFull ? lacking("too many names wait to be resolved") : failedBy(error);
  }
}

/** Asks over one client after the other until one of them has an answer, whatever that is. */
async function askInTurn(instance: ProbedInstance, addresses: readonly string[], attempt: Attempt): Promise<Outcome> {
  let outcome: Outcome = VOID;
  for (const chosen of candidates(instance, addresses)) {
    if (attempt.isOver) break;
    outcome = await attempt.step((report) => begin(chosen.probe, report));
    const isBroken = outcome.kind === "failed" && outcome.broken === true;
    if (!isBroken && !attempt.isOver && chosen.probe.keepsConnection) instance.client = chosen;
    else chosen.probe.close();
    if (!isBroken) break;
  }
  return outcome;
}

/**
 * The client that was kept, and a new one for each address. Why not the kept one alone: servers close connections that were
 * idle for long, so that a broken one says nothing yet.
 */
function* candidates(instance: ProbedInstance, addresses: readonly string[]): Generator<Chosen> {
  const kept = instance.client;
  instance.client = undefined;
  if (kept && addresses.includes(kept.address)) yield kept;
  else kept?.probe.close();
  for (const address of addresses) yield { address, probe: clientOf(instance.target, address) };
}

function clientOf({ host, port, tls, check: { probe: asked } }: ProbeTarget, address: string): ProbeClient {
  const place: Place = { address, port, tls, host };
  if (asked.kind === "grpc") return new GrpcProbe(place, asked.service);
  return asked.kind === "http" ? new HttpProbe(place, asked) : new TcpProbe(place);
}

/** A connection that broke this very moment may refuse at once. */
function begin(client: ProbeClient, report: Report): () => void {
  try {
    return client.start(report);
  } catch (error) {
    report(failedBy(error));
    return () => client.close();
  }
}
