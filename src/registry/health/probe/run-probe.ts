import type { Clock, Timer } from "../../../stream/index.js";
import type { Place } from "./connect.js";
import { GrpcProbe } from "./grpc-probe.js";
import { HttpProbe } from "./http-probe.js";
import { failed, failedBy, type Outcome, VOID } from "./outcome.js";
import type { ProbeClient } from "./probe-client.js";
import type { ProbedInstance } from "./probed-instance.js";
import type { Resolver } from "./resolver.js";
import type { ProbeTarget } from "./target.js";
import { TcpProbe } from "./tcp-probe.js";

/** The instance may not be probed: its addresses are not among those that may. */
export interface Barred {
  readonly kind: "barred";
  readonly reason: string;
}

/** A time limit that fires later than this was our own pause: the instance may have answered in time. */
const OWN_PAUSE_MS = 500;

/**
 * Probes an instance once, within its time limit, over the connection that is kept if there is one. Never rejects.
 *
 * The name is resolved within the time limit too.
 */
export async function runProbe(
  instance: ProbedInstance,
  { clock, resolver }: { readonly clock: Clock; readonly resolver: Pick<Resolver, "resolve"> },
): Promise<Outcome | Barred> {
  const { host, check } = instance.target;
  const endMs = clock.monotonicMs() + check.timeoutMs;
  let address: string | undefined;
  try {
    address = await within(resolver.resolve(host), clock, check.timeoutMs);
  } catch (error) {
    return error instanceof Late ? late(check.timeoutMs) : failedBy(error);
  }
  if (address === undefined) return { kind: "barred", reason: `not probed: ${host} is not among --probe-addresses` };
  const kept = takeClient(instance, address);
  const limit = { clock, endMs };
  let client = kept ?? clientOf(instance.target, address);
  let outcome = await ask(instance, client, limit);
  if (kept && outcome.kind === "failed" && outcome.broken) {
    // Servers close connections that were idle for long; only a new one tells.
    kept.close();
    client = clientOf(instance.target, address);
    outcome = await ask(instance, client, limit);
  }
  if (client.keepsConnection) instance.client = { address, probe: client };
  else client.close();
  return outcome;
}

/** The client that was kept for this address; from now on it is nobody's until the probe is over. */
function takeClient(instance: ProbedInstance, address: string): ProbeClient | undefined {
  const kept = instance.client;
  instance.client = undefined;
  if (kept?.address === address) return kept.probe;
  kept?.probe.close();
  return undefined;
}

function clientOf({ host, port, tls, check: { probe } }: ProbeTarget, address: string): ProbeClient {
  const place: Place = { address, port, tls, host };
  if (probe.kind === "grpc") return new GrpcProbe(place, probe.service);
  return probe.kind === "http" ? new HttpProbe(place, probe) : new TcpProbe(place);
}

function ask(
  instance: ProbedInstance,
  client: ProbeClient,
  { clock, endMs }: { readonly clock: Clock; readonly endMs: number },
): Promise<Outcome> {
  return new Promise((resolve) => {
    const timer = clock.after(Math.max(0, endMs - clock.monotonicMs()), () => {
      const isOurFault = clock.monotonicMs() > endMs + OWN_PAUSE_MS;
      end(isOurFault ? VOID : late(instance.target.check.timeoutMs));
      giveUp();
    });
    const end = (outcome: Outcome) => {
      timer.cancel();
      instance.giveUp = undefined;
      resolve(outcome);
    };
    const giveUp = begin(client, end);
    instance.giveUp = () => {
      giveUp();
      end(VOID);
    };
  });
}

/** A connection that broke this very moment may refuse at once. */
function begin(client: ProbeClient, report: (outcome: Outcome) => void): () => void {
  try {
    return client.start(report);
  } catch (error) {
    report(failedBy(error));
    return () => client.close();
  }
}

function late(timeoutMs: number): Outcome {
  return failed(`no answer within ${timeoutMs / 1_000} s`);
}

class Late extends Error {}

async function within<T>(work: Promise<T>, clock: Clock, ms: number): Promise<T> {
  let timer: Timer | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = clock.after(ms, () => reject(new Late()));
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    timer?.cancel();
  }
}
