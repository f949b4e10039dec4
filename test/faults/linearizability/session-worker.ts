import type { Random } from "../support/campaign.js";
import { freshValue, IDS, SERVICES } from "./choose.js";
import { type Asked, now, type Told } from "./history.js";
import { type SessionAsk, SessionStream } from "./session-stream.js";
import type { WorkerOptions } from "./workers.js";
import { ENDPOINTS, told } from "./writes.js";

/** How often a client that is refused what another holder took begins anew; else it goes on with what it has. */
const BEGINS_ANEW = 0.3;

/** A client that holds sessions: it registers, updates and removes within one, and resumes it when its stream broke. */
export async function workInSession(options: WorkerOptions, stopped: AbortSignal): Promise<void> {
  const { server, connection, recording } = options;
  let token = "";
  while (!stopped.aborted) {
    await server.up;
    await connection.ready(stopped);
    using session = await SessionStream.open(connection, token);
    token = session?.resumeToken ?? "";
    let goesOn = session !== undefined;
    while (session && goesOn && !stopped.aborted) {
      const outcome = await askOnce(options, session);
      goesOn = outcome !== undefined && outcome !== "unknown";
      if (goesOn) recording.answered++;
      if (outcome === "superseded" && options.random.chance(BEGINS_ANEW)) {
        goesOn = false;
        token = "";
      }
    }
  }
}

async function askOnce(options: WorkerOptions, session: SessionStream): Promise<Told["outcome"] | undefined> {
  const { client, connection, recording } = options;
  const { asked, request } = chooseInSession(options.random, session.id);
  const { since } = connection;
  const call = now();
  const answer = told(await session.ask(request), (revision) => ({ revision: Number(revision) }));
  if (answer) recording.add({ client, since, call, return: now() }, asked, answer);
  if (answer?.outcome === "unknown") recording.unanswered++;
  return answer?.outcome;
}

function chooseInSession(random: Random, session: string): { readonly asked: Asked; readonly request: SessionAsk } {
  const service = random.pick(SERVICES);
  const id = random.pick(IDS);
  const value = freshValue();
  const instance = { service, id, version: value, endpoints: ENDPOINTS };
  const asked = { session, service, items: [{ id, value }] };
  if (random.chance(0.6)) {
    return {
      asked: { ...asked, method: "register", op: "register" },
      request: { case: "register", value: { instance } },
    };
  }
  if (random.chance(0.6)) {
    const updateMask = { paths: ["version"] };
    return {
      asked: { ...asked, method: "update", op: "update" },
      request: { case: "update", value: { instance: { service, id, version: value }, updateMask } },
    };
  }
  return {
    asked: { session, service, id, method: "deregister", op: "deregister" },
    request: { case: "deregister", value: { instance: { service, id } } },
  };
}
