import { describe, expect, test } from "vitest";
import type { ResourceType } from "../../../src/xds/types.js";
import { StreamLab } from "../support/stream-lab.js";

const ALL: Readonly<Record<ResourceType, readonly string[]>> = {
  cluster: ["*"],
  listener: ["*"],
  endpoints: ["a", "b", "c"],
  route: ["r"],
};

/** A proxy that has everything. */
function proxy(variant: "sotw" | "delta"): StreamLab {
  const lab = new StreamLab(variant);
  for (const name of ["a", "b"]) {
    lab.topics.put("cluster", name, "1");
    lab.topics.put("endpoints", name, "1");
  }
  lab.topics.put("listener", "l", "1");
  lab.topics.put("route", "r", "1");
  for (const type of ["route", "listener", "endpoints", "cluster"] as const) lab.ask(type, ALL[type]);
  expect(lab.settle(ALL)).toBe("cluster endpoints listener route");
  return lab;
}

describe.each(["sotw", "delta"] as const)("%s", (variant) => {
  test("what others refer to goes out first, in whatever order it changed", () => {
    const lab = proxy(variant);
    lab.topics.put("route", "r", "2");
    lab.topics.put("listener", "l", "2");
    lab.topics.put("endpoints", "c", "1");
    lab.topics.put("cluster", "c", "1");
    expect(lab.settle(ALL)).toBe("cluster endpoints listener route");
  });

  test("what is gone goes out when all else is taken", () => {
    const lab = proxy(variant);
    lab.topics.remove("cluster", "a");
    lab.topics.put("route", "r", "2");
    const route = lab.next();
    expect(route.type).toBe("route");
    expect(lab.stream.next()).toBeUndefined();
    lab.answer(route, ALL.route);
    const cluster = lab.next();
    expect(cluster.type).toBe("cluster");
    expect(cluster.resources.map(({ name }) => name)).toEqual(variant === "sotw" ? ["b"] : []);
  });

  test("the listener goes before the cluster when both are gone", () => {
    const lab = proxy(variant);
    lab.topics.remove("cluster", "a");
    lab.topics.remove("listener", "l");
    expect(lab.settle(ALL)).toBe("listener cluster");
  });

  test("routes wait for clusters that wait for an answer", () => {
    const lab = proxy(variant);
    lab.topics.put("cluster", "c", "1");
    const first = lab.next();
    lab.topics.put("cluster", "d", "1");
    lab.topics.put("route", "r", "2");
    expect(lab.stream.next()).toBeUndefined();
    lab.answer(first, ALL.cluster);
    expect(lab.settle(ALL)).toBe("cluster route");
  });

  test("endpoints do not wait for what does not change", () => {
    const lab = proxy(variant);
    lab.topics.put("route", "r", "2");
    lab.next();
    lab.topics.put("endpoints", "a", "2");
    expect(lab.next().type).toBe("endpoints");
  });

  test("a changed cluster has its endpoints follow, although they are the same; the others' do not", () => {
    const lab = proxy(variant);
    lab.topics.put("cluster", "b", "2");
    lab.answer(lab.next(), ALL.cluster);
    const endpoints = lab.next();
    expect(endpoints.type).toBe("endpoints");
    expect(endpoints.resources.map(({ name }) => name)).toEqual(["b"]);
    lab.answer(endpoints, ALL.endpoints);
    expect(lab.stream.next()).toBeUndefined();
  });

  test("a type that never answers keeps back nothing that comes before it", () => {
    const lab = proxy(variant);
    lab.topics.put("route", "r", "2");
    lab.next();
    lab.topics.put("cluster", "a", "2");
    expect(lab.next().type).toBe("cluster");
  });

  test("an acknowledgement tells how old the oldest change was", () => {
    const lab = proxy(variant);
    lab.topics.put("endpoints", "a", "2", 700);
    lab.topics.put("endpoints", "b", "2", 500);
    lab.settle(ALL);
    expect(lab.acknowledged.at(-1)).toBe(500);
  });

  test("too many names end the stream", () => {
    const lab = new StreamLab(variant, 3);
    lab.ask("cluster", ["a", "b"]);
    expect(() => lab.ask("endpoints", ["a", "b"])).toThrow(
      expect.objectContaining({ fault: expect.objectContaining({ reason: "LIMIT_EXCEEDED", limit: "xds-max-names" }) }),
    );
  });

  test("a name beyond all measure ends the stream", () => {
    const lab = new StreamLab(variant);
    expect(() => lab.ask("cluster", ["a".repeat(1_025)])).toThrow("FIELDS_INVALID");
  });

  test("a stream that ends leaves nothing behind", () => {
    const lab = proxy(variant);
    lab.stream.close();
    expect(lab.topics.subscriptions).toBe(0);
  });
});

test("what is too much for one message goes out in several", () => {
  const lab = new StreamLab("delta");
  for (const name of ["a", "b", "c"]) lab.topics.put("endpoints", name, name.repeat(600_000));
  lab.ask("endpoints", ["a", "b", "c"]);
  expect(lab.settle()).toBe("endpoints endpoints endpoints");
});
