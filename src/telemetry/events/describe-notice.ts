import type { EventDraft, ExpiryEvent, NackEvent, Notice, SessionEvent } from "./event.js";

/** The event of what is no change of state. */
export function noticeDraft(notice: Notice): EventDraft {
  if (notice.type === "xds.nacked") return nackEventDraft(notice);
  return "sessionId" in notice ? sessionEventDraft(notice) : expiryEventDraft(notice);
}

function expiryEventDraft({ type, timeMs, lostClients, clients, reason }: ExpiryEvent): EventDraft {
  const lost = `${lostClients} of ${clients} clients`;
  const message =
    type === "expiry.paused" ? `nothing expires: ${lost} were lost at once` : `what is lost expires again: ${reason}`;
  return {
    ...ABOUT_NOBODY,
    timeMs,
    type,
    actor: "system:health",
    message,
    attributes: { lost_clients: String(lostClients), clients: String(clients), reason },
  };
}

const ABOUT_NOBODY = { revision: 0n, namespace: "", service: "", instanceId: "" } as const;

/** The event of what happened to a session; the actor and an attribute say which, the message does not. */
function sessionEventDraft(event: SessionEvent): EventDraft {
  const { type, timeMs, sessionId, client, address } = event;
  return {
    ...ABOUT_NOBODY,
    timeMs,
    type,
    actor: `session:${sessionId}`,
    message: sessionMessage(event),
    attributes: { session: sessionId, client, address, instances: String(event.instances) },
  };
}

function sessionMessage({ type, client, instances }: SessionEvent): string {
  if (type === "session.opened") return `opened by ${client === "" ? "an unnamed client" : JSON.stringify(client)}`;
  const verb = type.slice("session.".length);
  return `${verb} with ${instances} ${instances === 1 ? "instance" : "instances"}`;
}

/** The event of what a client refused: about the service whose resource it is, so that who looks after that finds it. */
function nackEventDraft(event: NackEvent): EventDraft {
  const { type, timeMs, node, address, userAgent, resourceType, resource, message } = event;
  const client = node === "" ? address : node;
  const what = resource === "" ? `what it was sent of type ${resourceType}` : `${resourceType} ${resource}`;
  return {
    ...ABOUT_NOBODY,
    namespace: event.namespace,
    service: event.service,
    timeMs,
    type,
    actor: `xds:${client}`,
    message: `${client} refused ${what}: ${message}`,
    attributes: { node, address, user_agent: userAgent, resource_type: resourceType, resource, error: message },
  };
}
