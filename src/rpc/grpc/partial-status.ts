import type { ServerInterceptingCallInterface } from "@grpc/grpc-js";

/** A status as grpc-js sends it; the library does not export the type. */
export type PartialStatus = Parameters<ServerInterceptingCallInterface["sendStatus"]>[0];
