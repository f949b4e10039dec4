import { Counter, Gauge, Registry } from "prom-client";
import { expect, test } from "vitest";
import { createTallies } from "../../src/rpc/tallies.js";

test("tallies are scraped as they stand, each set of labels by itself, however often", async () => {
  const register = new Registry();
  const options = { help: "h", labelNames: ["method"] as const, registers: [register] };
  const calls = createTallies(Counter, { name: "calls_total", ...options });
  const active = createTallies(Gauge, { name: "active", ...options });
  const [a, b] = [calls({ method: "a" }), calls({ method: "b" })];
  const going = active({ method: "a" });
  a.value += 3;
  going.value += 2;
  const first = await register.metrics();
  expect(first).toContain('calls_total{method="a"} 3\ncalls_total{method="b"} 0\n');
  expect(first).toContain('active{method="a"} 2\n');
  a.value++;
  b.value++;
  going.value -= 2;
  const second = await register.metrics();
  expect(second).toContain('calls_total{method="a"} 4\ncalls_total{method="b"} 1\n');
  expect(second).toContain('active{method="a"} 0\n');
});
