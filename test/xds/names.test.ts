import fc from "fast-check";
import { expect, test } from "vitest";
import { formatAddress, parseAddress } from "../../src/model/index.js";
import { fullName, parseServiceName } from "../../src/xds/names.js";

test.each([
  ["checkout", { name: "checkout", namespace: "own", endpoint: "" }],
  ["checkout.shop", { name: "checkout", namespace: "shop", endpoint: "" }],
  ["checkout.shop.admin", { name: "checkout", namespace: "shop", endpoint: "admin" }],
])("%s names a service", (text, name) => {
  expect(parseServiceName(text, "own")).toEqual(name);
});

test.each([
  "",
  ".",
  "a.",
  "a..b",
  "a.b.c.d",
  "A",
  "a_b",
  "-a",
  "a:80",
  "a/b",
  "xdstp://x/y",
  "a".repeat(64),
  "9a",
  "a\n",
])("%j names none", (text) => {
  expect(parseServiceName(text, "own")).toBeUndefined();
});

test("a full name means the same to everybody", () => {
  const label = fc.stringMatching(/^[a-z][-a-z0-9]{0,20}[a-z0-9]$/);
  fc.assert(
    fc.property(label, label, fc.option(label, { nil: "" }), (name, namespace, endpoint) => {
      const service = { name, namespace, endpoint };
      expect(parseServiceName(fullName(service), "elsewhere")).toEqual(service);
    }),
  );
});

test("addresses are read as they are written", () => {
  const ip = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(ip, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      expect(parseAddress(formatAddress(host, port))).toEqual({ ip: host, port });
    }),
  );
});
