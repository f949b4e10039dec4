import { expect, test } from "vitest";
import { Health, Protocol } from "../../gen/portolan/registry/v1/registry_pb.js";
import {
  parseCount,
  parseEndpoint,
  parseHealth,
  parseLabel,
  parseLocality,
  parseRevision,
} from "../../src/cli/parse.js";
import { parseServer } from "../../src/cli/plane.js";

test.each([
  ["10.0.0.5:8080", { name: "", host: "10.0.0.5", port: 8080, protocol: Protocol.UNSPECIFIED, tls: false }],
  ["grpc=10.0.0.5:8080", { name: "grpc", host: "10.0.0.5", port: 8080, protocol: Protocol.GRPC, tls: false }],
  ["admin=https://[::1]:9000", { name: "admin", host: "::1", port: 9000, protocol: Protocol.HTTP, tls: true }],
  ["grpcs://shop.example:443", { name: "", host: "shop.example", port: 443, protocol: Protocol.GRPC, tls: true }],
])("the endpoint %s is read whole", (text, endpoint) => {
  expect(parseEndpoint(text)[0]).toMatchObject(endpoint);
});

test.each(["", "8080", "host", "host:", ":80", "a=b", "x=ftp://h:1", "::1:80", "h:1:2"])(
  "%j is refused as an endpoint",
  (text) => {
    expect(() => parseEndpoint(text)).toThrow(/not an endpoint: write/);
  },
);

test("endpoints and labels add up in the order of the command line", () => {
  expect(parseEndpoint("b:2", parseEndpoint("a:1")).map(({ host }) => host)).toEqual(["a", "b"]);
  expect(parseLabel("env=prod=1", parseLabel("team=a"))).toEqual({ team: "a", env: "prod=1" });
  expect(parseLabel("empty=")).toEqual({ empty: "" });
  expect(() => parseLabel("=x")).toThrow(/KEY=VALUE/);
});

test("a locality has one to three levels", () => {
  expect(parseLocality("eu/west/r7")).toMatchObject({ region: "eu", zone: "west", subZone: "r7" });
  expect(parseLocality("eu")).toMatchObject({ region: "eu", zone: "", subZone: "" });
  expect(() => parseLocality("/west")).toThrow(/REGION/);
  expect(() => parseLocality("a/b/c/d")).toThrow(/REGION/);
});

test("a health is read in any spelling, and a wrong one is answered with the right ones", () => {
  expect(["serving", "NOT_SERVING", "not-serving"].map(parseHealth)).toEqual([
    Health.SERVING,
    Health.NOT_SERVING,
    Health.NOT_SERVING,
  ]);
  expect(() => parseHealth("unspecified")).toThrow(/write starting, serving, degraded, draining, not-serving/);
  expect(() => parseHealth("2")).toThrow(/not a health/);
});

test("counts and revisions are whole numbers within their bounds", () => {
  expect(parseCount(0, 10)("10")).toBe(10);
  for (const text of ["11", "-1", "1.5", "", "1e1"]) expect(() => parseCount(0, 10)(text)).toThrow(/from 0 to 10/);
  expect([parseRevision("42"), parseRevision("r42")]).toEqual([42n, 42n]);
  for (const text of ["-1", "x", "", "9999999999999999999"]) expect(() => parseRevision(text)).toThrow(/revision/);
});

test.each([
  ["127.0.0.1:7070", "http://127.0.0.1:7070"],
  ["plane", "http://plane:7070"],
  ["plane:80", "http://plane"],
  ["[::1]:9", "http://[::1]:9"],
  ["https://plane:443", "https://plane"],
  ["https://plane", "https://plane:7070"],
])("the server %s is found at %s", (text, origin) => {
  expect(parseServer(text).origin).toBe(origin);
});

test.each(["", "a b", "ftp://x", "host:99999", "host:1/path", "http://"])("%j is refused as a server", (text) => {
  expect(() => parseServer(text)).toThrow(/write HOST:PORT/);
});
