import { expect, test } from "vitest";
import { WatchServicesResponseSchema } from "../../../../gen/portolan/discovery/v1/discovery_pb.js";
import { Replay } from "../truth/replay.js";
import { Truth } from "../truth/truth.js";
import { reliable } from "../validators/reliable.js";
import { encoded } from "../wire.js";
import { toldServices } from "./told-services.js";
import type { Watching } from "./watching.js";

const BLUE: Watching = {
  targets: [
    {
      namespace: "",
      service: "services",
      endpointName: "",
      filter: { text: "", matches: ({ id }) => id.startsWith("blue/") },
    },
  ],
  region: "",
  zone: "",
  includeUnhealthy: false,
  bookmarkIntervalMs: 1_000,
  services: { namespace: "blue", filter: "" },
};

const x = { namespace: "blue", name: "x", description: "one", createRevision: 1n, modRevision: 1n };
const full = { revision: 2n, reset: true, synced: true, put: [x] };
const gone = { revision: 3n, removed: [{ namespace: "blue", name: "x" }] };

function judge(...responses: readonly Parameters<typeof encoded<typeof WatchServicesResponseSchema>>[1][]): string[] {
  const replay = new Replay();
  replay.apply(1, [{ kind: "put-service", namespace: "blue", service: "x", description: "one" }]);
  replay.apply(2, [{ kind: "put-service", namespace: "red", service: "x", description: "" }]);
  replay.apply(3, [{ kind: "delete-service", namespace: "blue", service: "x" }]);
  const told = responses.map((response) => toldServices(encoded(WatchServicesResponseSchema, response)));
  const truth = new Truth({ last: 3, services: replay.services, times: new Map() });
  const stream = { name: "services", watching: BLUE, afterRevision: 0, knownRevision: 3, openedMs: 0, live: true };
  return reliable(
    { ...stream, responses: told, arrivedMs: told.map(() => 0) },
    { truth, compactions: [], historyMaxRevisions: 1_000 },
  );
}

test("a stream of services that tells what was passes", () => {
  expect(judge(full, gone)).toEqual([]);
});

test("a service that is told wrongly, is missing, or stays, is found", () => {
  expect(judge({ ...full, put: [{ ...x, description: "two" }] })).toHaveLength(1);
  expect(judge({ ...full, put: [] })).toHaveLength(1);
  expect(judge(full, { revision: 3n })).toEqual(["2 to 3: 0 /services is missing: put , removed blue/x"]);
});
