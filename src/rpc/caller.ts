import { type ContextKey, type ContextValues, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { formatAddress } from "../model/index.js";
import type { Caller } from "../registry/index.js";

/** Somebody of whom nothing is known. */
const NOBODY: Caller = { actor: "anonymous", address: "" };

const CALLER: ContextKey<Caller> = createContextKey<Caller>(NOBODY, { description: "caller" });

/** Who makes this call. Both servers set it; a context made by hand in a test answers "anonymous". */
export function callerOf(context: Pick<HandlerContext, "values">): Caller {
  return context.values.get(CALLER);
}

/** Tells the handlers of a call who makes it. */
export function setCaller(values: ContextValues, caller: Caller): ContextValues {
  return values.set(CALLER, caller);
}

/** The caller behind a connection that has proven nothing but its address. */
export function anonymousAt(host: string | undefined, port: number | undefined): Caller {
  return {
    actor: NOBODY.actor,
    address: host === undefined ? "" : formatAddress(host, port ?? 0),
  };
}
