import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import pc from "picocolors";
import { expect, test } from "vitest";
import { EndpointSchema, Health, LocalitySchema } from "../../gen/portolan/registry/v1/registry_pb.js";
import {
  formatAge,
  formatBytes,
  formatClock,
  formatDateTime,
  formatEndpoint,
  formatHealth,
  formatLocality,
  formatVersion,
} from "../../src/cli/format.js";
import { createPalette } from "../../src/cli/palette.js";

test.each([
  [0, "0 B"],
  [1_023, "1023 B"],
  [1_024, "1.0 KiB"],
  [1_572_864, "1.5 MiB"],
  [2 ** 40, "1.0 TiB"],
  [2 ** 52, "4096.0 TiB"],
])("%d bytes read %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test("times are those of the reader's clock", () => {
  const noon = new Date(2026, 4, 4, 12, 1, 7).getTime();
  expect(formatClock(noon)).toBe("12:01:07");
  expect(formatDateTime(noon)).toBe("2026-05-04 12:01:07");
});

test("an age is never negative, although clocks differ", () => {
  expect(formatAge(timestampFromMs(10_000), 5_000)).toBe("0s");
  expect(formatAge(timestampFromMs(10_000), 210_000)).toBe("3m 20s");
  expect(formatAge(undefined, 0)).toBe("-");
});

test("an endpoint's name is shown unless it is the default one", () => {
  const endpoint = (name: string, host: string) => create(EndpointSchema, { name, host, port: 80 });
  expect(formatEndpoint(endpoint("", "10.0.0.5"))).toBe("10.0.0.5:80");
  expect(formatEndpoint(endpoint("default", "10.0.0.5"))).toBe("10.0.0.5:80");
  expect(formatEndpoint(endpoint("admin", "::1"))).toBe("admin=[::1]:80");
});

test("a locality shows the levels that are named", () => {
  expect(formatLocality(create(LocalitySchema, { region: "eu" }))).toBe("eu");
  expect(formatLocality(create(LocalitySchema, { region: "eu", zone: "b", subZone: "r7" }))).toBe("eu/b/r7");
  expect(formatLocality(undefined)).toBe("-");
});

test("a version that is a number is marked as one", () => {
  expect(["2.1", "v2.1", "nightly", ""].map(formatVersion)).toEqual(["v2.1", "v2.1", "nightly", "-"]);
});

test("there are colours on a terminal only, and none against NO_COLOR", () => {
  const coloured = (isTTY: boolean, env: Record<string, string>) =>
    formatHealth(Health.SERVING, createPalette({ isTTY, env })) !== "SERVING";
  expect(coloured(true, {})).toBe(true);
  expect(coloured(true, { NO_COLOR: "" })).toBe(true);
  expect(coloured(true, { NO_COLOR: "1" })).toBe(false);
  expect(coloured(true, { TERM: "dumb" })).toBe(false);
  expect(coloured(false, { FORCE_COLOR: "1" })).toBe(false);
});

test("a health that this version does not know is shown by its number", () => {
  expect(formatHealth(99 as Health, pc.createColors(false))).toBe("99");
});
