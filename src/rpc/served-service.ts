import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";

/** A service and what answers its calls, on whichever port they come. */
export interface ServedService {
  readonly desc: DescService;
  /** True for what is served on the gRPC port alone: its messages have no form in JSON that stands by itself. */
  readonly grpcOnly: boolean;
  /** A method's handler, with the types of its messages taken away: only the servers call it, by descriptor. */
  handler(method: DescMethod): Handler;
}

/** A handler as the servers see it: request or requests in; response, promise of it, or responses out. */
export type Handler = (input: unknown, context: HandlerContext) => unknown;

/** Binds an implementation to its descriptor; the compiler holds the two together here. */
export function servedService<Desc extends DescService>(
  desc: Desc,
  impl: ServiceImpl<Desc>,
  { grpcOnly = false } = {},
): ServedService {
  const handlers = impl as Record<string, Handler>;
  return {
    desc,
    grpcOnly,
    handler(method) {
      const handler = handlers[method.localName];
      if (!handler) throw new Error(`${desc.typeName}.${method.name} has no handler`);
      return (input, context) => handler.call(impl, input, context);
    },
  };
}
