import type { SessionRequest } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Session } from "../../registry/index.js";
import { durationMsFromProto, instanceFromProto, instanceRefFromProto, patchFromProto } from "../translate/index.js";
import { required } from "./required.js";

/** A request of a session that writes. */
export type SessionWrite = Extract<SessionRequest["request"], { readonly case: "register" | "update" | "deregister" }>;

/** Carries a write out; answers the revision at which it is durable. */
export function carryOut(write: SessionWrite, session: Session): Promise<bigint> {
  switch (write.case) {
    case "register":
      return session.register(instanceFromProto(required(write.value.instance)), write.value.expectedRevision);
    case "update": {
      const { instance, updateMask, expectedRevision } = write.value;
      const changed = required(instance);
      const patch = patchFromProto(changed, required(updateMask).paths);
      return session.update(instanceRefFromProto(changed), patch, expectedRevision);
    }
    case "deregister": {
      const { instance, drain } = write.value;
      const drainMs = drain ? Math.round(durationMsFromProto(drain)) : 0;
      return session.deregister(instanceRefFromProto(required(instance)), drainMs);
    }
  }
}
