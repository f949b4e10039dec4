import { expect, test } from "vitest";
import { blamed } from "../../../src/xds/subscription/blame.js";

test.each([
  ["cluster checkout.default: bad", ["checkout.default", "cart.default"], ["checkout.default"]],
  ["checkout.default.metrics: bad", ["checkout.default", "checkout.default.metrics"], ["checkout.default.metrics"]],
  ["a.default, b.default.", ["a.default", "b.default", "c.default"], ["a.default", "b.default"]],
  ["x-a.default: bad", ["a.default", "b.default"], []],
  [
    "Error adding/updating listener(s) portolan/outbound: in use",
    ["portolan/outbound", "portolan/inbound"],
    ["portolan/outbound"],
  ],
  ["something is wrong", ["a.default", "b.default"], []],
  ["something is wrong", ["a.default"], ["a.default"]],
  ["", [], []],
])("%s blames, of %j, %j", (message, names, meant) => {
  expect(blamed(message, names)).toEqual(meant);
});
