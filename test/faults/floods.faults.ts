import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { oversized, packed, packedStreams, parts } from "./floods/bombs.js";
import { connectionFlood } from "./floods/connections.js";
import { controlFlood, nonsense } from "./floods/control.js";
import { survives } from "./floods/flood.js";
import { continuationFlood, headerFlood } from "./floods/headers.js";
import { http1Headers, pipelining, post, slowBodies } from "./floods/http.js";
import { slowHello, unfinished, unread } from "./floods/slow.js";
import { cancelStorm, rapidReset } from "./floods/streams.js";
import { startCampaign } from "./support/campaign.js";
import { registerBig } from "./support/instances.js";
import { WatchedPlane } from "./support/watched-plane.js";

const campaign = startCampaign("floods");
/** One flood of about twenty-five. */
const ms = campaign.budgetMs(0.02);
let plane: WatchedPlane;

beforeAll(async () => {
  plane = await WatchedPlane.start({ flags: { "max-connections": "1500", "max-buffered-bytes": "128MiB" } });
  await registerBig(plane.grpcUrl, { service: "big", count: 170, bytes: 16_000 });
});

afterAll(async () => {
  expect(plane.plane.log.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
  await plane[Symbol.asyncDispose]();
});

describe("the server survives, serves others meanwhile, and answers as before within 2 s of", () => {
  test("2,000 connections where 1,500 are allowed", () =>
    survives(plane, "connections", () => connectionFlood(plane.grpcPort, 2_000, 1_499)));

  test("streams opened and cancelled in storms", () =>
    survives(plane, "cancel storm", () => cancelStorm(plane.grpcUrl, ms)));

  test("streams opened and reset in one breath", () =>
    survives(plane, "rapid reset", () => rapidReset(plane.grpcPort, ms)));

  test.each(["one of 200 kB", "5,000 small ones"] as const)("headers beyond what is allowed: %s", (what) =>
    survives(plane, "headers", () => headerFlood(plane.grpcPort, what, ms)),
  );

  test("headers that never end", () => survives(plane, "continuation", () => continuationFlood(plane.grpcPort, ms)));

  test.each(["PING", "SETTINGS", "PRIORITY", "WINDOW_UPDATE", "empty DATA"] as const)("%s frames without end", (sort) =>
    survives(plane, "control", () => controlFlood(plane.grpcPort, sort, ms)),
  );

  test.each(["HTTP/1.1", "a TLS hello", "noise"] as const)("%s on the gRPC port", (sort) =>
    survives(plane, "nonsense", () => nonsense(plane.grpcPort, sort, ms)),
  );

  test.each(["an announced 4 GiB", "5 MiB", "64 MiB packed into 64 kB"] as const)("messages too large: %s", (sort) =>
    survives(plane, "oversized", () => oversized(plane.grpcUrl, sort, ms)),
  );

  test("messages of 4 MiB packed into 4 kB each", () => survives(plane, "packed", () => packed(plane.grpcUrl, 500)));

  test("streams of messages of 4 MiB packed into 4 kB each", () =>
    survives(plane, "packed streams", () => packedStreams(plane.grpcUrl, 40)));

  test("messages of two million empty entries", () => survives(plane, "parts", () => parts(plane.grpcUrl, ms)));

  test("100 messages of 4 MiB of which the last byte never comes", () =>
    survives(plane, "unfinished", () => unfinished(plane.grpcUrl, 100, ms * 3)));

  test("300 answers of 3 MB that nobody reads", () =>
    survives(plane, "unread", () => unread(plane.grpcUrl, 300, ms * 3)));

  test("connections that say hello byte by byte, or never", () =>
    survives(plane, "slow hello", () => slowHello(plane.grpcPort, 500, ms)));
});

describe("the HTTP port survives, serves others meanwhile, and answers as before within 2 s of", () => {
  test("bodies that come byte by byte", () =>
    survives(plane, "slow bodies", () => slowBodies(plane.httpPort, 500, ms)));

  test("requests without end whose answers nobody reads", () =>
    survives(plane, "pipelining", () => pipelining(plane.httpPort, ms * 2)));

  test("headers without end", () => survives(plane, "HTTP headers", () => http1Headers(plane.httpPort, ms)));

  test("a TLS hello, and noise", () =>
    survives(plane, "HTTP nonsense", async () => {
      const said = await nonsense(plane.httpPort, "a TLS hello", ms / 2);
      return `${said}; ${await nonsense(plane.httpPort, "noise", ms / 2)}`;
    }));

  test("a body of 5 MiB", () =>
    survives(plane, "HTTP body", async () => {
      expect(await post(plane.httpPort, 5 * 1024 * 1024)).toBe(429);
      return "refused with 429";
    }));
});
