import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type Event as ProtoEvent,
  type QueryEventsRequest,
  type TailEventsResponse,
  TailEventsResponseSchema,
  TelemetryService,
} from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { mapped } from "../../stream/index.js";
import type { Event, EventPageQuery } from "../../telemetry/index.js";
import { shared } from "../grpc/encode.js";
import { pageScope } from "../page-tokens.js";
import { validate } from "../rules/index.js";
import { timestampMsFromProto } from "../translate/index.js";
import { eventQueryFromProto, eventToProto } from "../translate/telemetry.js";
import type { TelemetryServiceOptions } from "./telemetry-options.js";
import { eventCursorText, pageSizeOf, parseEventCursor } from "./telemetry-pages.js";

type EventCalls = Pick<ServiceImpl<typeof TelemetryService>, "queryEvents" | "tailEvents">;

/** The calls about events. */
export function eventCalls({ telemetry, rules, pageTokens }: TelemetryServiceOptions): EventCalls {
  const responses = new SharedEvents();
  return {
    async queryEvents(request, { signal }) {
      validate(rules, request);
      const scope = pageScope(TelemetryService.method.queryEvents, request);
      const after = request.pageToken && parseEventCursor(pageTokens.open(scope, request.pageToken));
      const page = await telemetry.queryEvents({
        query: eventQueryFromProto(request.query),
        ...rangeOf(request),
        pageSize: pageSizeOf(request),
        ...(after && { after }),
        signal,
      });
      const nextPageToken = page.next ? pageTokens.seal(scope, eventCursorText(page.next)) : "";
      return { events: page.events.map(eventToProto), nextPageToken };
    },
    tailEvents(request, { signal }) {
      validate(rules, request);
      const { afterRevision } = request;
      const batches = telemetry.tailEvents({ query: eventQueryFromProto(request.query), afterRevision, signal });
      return mapped(batches, (events) => responses.of(events));
    },
  };
}

/** Translates an event once, and the events that many tails are given together into one message, encoded once. */
class SharedEvents {
  readonly #responses = new WeakMap<readonly Event[], TailEventsResponse>();
  readonly #events = new WeakMap<Event, ProtoEvent>();

  of(events: readonly Event[]): TailEventsResponse {
    const known = this.#responses.get(events);
    if (known) return known;
    const response = create(TailEventsResponseSchema, { events: events.map((event) => this.#event(event)) });
    this.#responses.set(events, shared(response));
    return response;
  }

  #event(event: Event): ProtoEvent {
    const known = this.#events.get(event) ?? eventToProto(event);
    this.#events.set(event, known);
    return known;
  }
}

function rangeOf({ start, end }: QueryEventsRequest): Pick<EventPageQuery, "startMs" | "endMs"> {
  return {
    ...(start && { startMs: timestampMsFromProto(start) }),
    ...(end && { endMs: timestampMsFromProto(end) }),
  };
}
