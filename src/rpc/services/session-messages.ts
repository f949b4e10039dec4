import type { SessionResponse } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Directive, Session } from "../../registry/index.js";
import { encodedBy } from "../grpc/encode.js";
import type { RpcStatus } from "../rpc-status.js";
import { durationToProto, instanceRefToProto, writeCommitted } from "../translate/index.js";

type Response = SessionResponse["response"];

/** The session is there. */
export function opened(requestId: bigint, session: Session): SessionResponse {
  return answer(requestId, {
    case: "opened",
    value: {
      $typeName: "portolan.registry.v1.Opened",
      sessionId: session.id,
      resumeToken: session.resumeToken,
      ttl: durationToProto(session.ttlMs),
      instances: session.held.map(instanceRefToProto),
    },
  });
}

/** The write is durable. */
export function committed(requestId: bigint, revision: bigint): SessionResponse {
  const value = { $typeName: "portolan.registry.v1.Committed", revision } as const;
  return encodedBy(answer(requestId, { case: "committed", value }), (writer) =>
    writeCommitted(writer, requestId, revision),
  );
}

/** The request failed, and the session goes on. */
export function failed(requestId: bigint, { code, message, details, reason }: RpcStatus): SessionResponse {
  return answer(requestId, {
    case: "failed",
    value: { $typeName: "portolan.registry.v1.Failure", code, message, details: [...details], reason },
  });
}

/** The server is there. */
export function pong(requestId: bigint): SessionResponse {
  return answer(requestId, { case: "pong", value: { $typeName: "portolan.registry.v1.Pong" } });
}

/** The server asks something of the client. */
export function directed(directive: Directive): SessionResponse {
  const value = { $typeName: "portolan.registry.v1.Directive", directive: directiveToProto(directive) } as const;
  return answer(0n, { case: "directive", value });
}

function directiveToProto(directive: Directive): Extract<Response, { case: "directive" }>["value"]["directive"] {
  if (directive.kind !== "reconnect") return { case: directive.kind, value: instanceRefToProto(directive.instance) };
  const within = durationToProto(directive.withinMs);
  return { case: "reconnect", value: { $typeName: "portolan.registry.v1.Reconnect", within } };
}

function answer(requestId: bigint, response: Response): SessionResponse {
  return { $typeName: "portolan.registry.v1.SessionResponse", requestId, response };
}
