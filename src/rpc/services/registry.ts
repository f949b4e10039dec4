import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type {
  RegistryService,
  SessionRequest,
  SessionResponse,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { callerOf } from "../caller.js";
import { instanceCalls } from "./instance-calls.js";
import { orderCalls } from "./order-calls.js";
import type { RegistryServiceOptions } from "./registry-options.js";
import { serviceCalls } from "./service-calls.js";
import { SessionCall } from "./session-call.js";

const DEFAULT_MAX_SESSION_REQUESTS = 1_000;

/** Answers RegistryService: the write side, and reads of what stands. A read sees every write that was answered before it. */
export function createRegistryService(options: RegistryServiceOptions): ServiceImpl<typeof RegistryService> {
  const { registry, rules, log, maxSessionRequests = DEFAULT_MAX_SESSION_REQUESTS, onSessionFailure } = options;
  return {
    ...serviceCalls(options),
    ...instanceCalls(options),
    ...orderCalls(options),
    session(requests: AsyncIterable<SessionRequest>, context: HandlerContext): AsyncIterable<SessionResponse> {
      return new SessionCall({
        requests,
        caller: callerOf(context),
        registry,
        rules,
        log,
        maxRequests: maxSessionRequests,
        onFailure: onSessionFailure ?? (() => {}),
      });
    },
  };
}
