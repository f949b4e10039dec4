import { create, type MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import pc from "picocolors";
import { expect, test } from "vitest";
import {
  type ServiceUpdateSchema,
  type WatchResponse,
  WatchResponseSchema,
} from "../../gen/portolan/discovery/v1/discovery_pb.js";
import { Health, InstanceSchema } from "../../gen/portolan/registry/v1/registry_pb.js";
import { WatchView } from "../../src/cli/watch-view.js";

type Update = MessageInitShape<typeof ServiceUpdateSchema>;

function instance(id: string, modRevision: number, more: MessageInitShape<typeof InstanceSchema> = {}) {
  const endpoints = [{ host: "10.0.0.5", port: 80 }];
  return {
    instance: create(InstanceSchema, {
      service: "a",
      id,
      modRevision: BigInt(modRevision),
      endpoints,
      health: Health.SERVING,
      ...more,
    }),
  };
}

function response(updates: Update[], more: MessageInitShape<typeof WatchResponseSchema> = {}): WatchResponse {
  const named = updates.map((update) => ({ namespace: "default", service: "a", exists: true, ...update }));
  return create(WatchResponseSchema, { revision: 1n, updates: named, ...more });
}

/** "+ a/x" for every line. */
function applied(view: WatchView, message: WatchResponse): string[] {
  return view.apply(message).map((line) => `${line.sign} ${line.name}`);
}

function newView(): WatchView {
  return new WatchView(pc.createColors(false));
}

test("instances that come, change and go are told apart", () => {
  const view = newView();
  expect(applied(view, response([{ reset: true, put: [instance("x", 1)] }], { reset: true, synced: true }))).toEqual([
    "+ a/x",
  ]);
  expect(applied(view, response([{ put: [instance("x", 2), instance("y", 2)] }]))).toEqual(["~ a/x", "+ a/y"]);
  expect(applied(view, response([{ removed: ["x"] }]))).toEqual(["- a/x"]);
  expect(view.counts()).toEqual({ services: 1, instances: 1 });
});

test("a change says what was before", () => {
  const view = newView();
  view.apply(response([{ put: [instance("x", 1)] }]));
  const [line] = view.apply(response([{ put: [instance("x", 2, { health: Health.DRAINING, weight: 5 })] }]));
  expect(line?.cells).toEqual(["10.0.0.5:80", "DRAINING", "-", "(was SERVING, weight 100 -> 5)"]);
});

test("full sets after lost history show only what differs", () => {
  const view = newView();
  view.apply(response([{ reset: true, put: [instance("x", 1), instance("y", 1)] }], { reset: true, synced: true }));
  expect(
    applied(view, response([{ reset: true, put: [instance("y", 1), instance("z", 9)] }], { reset: true })),
  ).toEqual(["+ a/z"]);
  expect(applied(view, response([], { synced: true }))).toEqual(["- a/x"]);
});

test("a full set in pieces takes nobody out before its last piece", () => {
  const view = newView();
  view.apply(response([{ reset: true, put: [instance("x", 1), instance("y", 1)] }], { reset: true, synced: true }));
  expect(applied(view, response([{ reset: true, put: [instance("x", 1)] }], { revision: 0n }))).toEqual([]);
  expect(applied(view, response([{ put: [instance("z", 2)] }], { revision: 2n }))).toEqual(["+ a/z", "- a/y"]);
});

test("a service that does not exist, appears and is deleted is told from an empty one", () => {
  const view = newView();
  const cells = (message: WatchResponse) => view.apply(message).map((line) => line.cells.join());
  expect(cells(response([{ exists: false, reset: true }], { reset: true, synced: true }))).toEqual([
    "no such service yet",
  ]);
  expect(cells(response([{ exists: true }]))).toEqual(["the service exists now"]);
  view.apply(response([{ put: [instance("x", 1)] }]));
  expect(cells(response([{ exists: false }]))).toEqual(["the service was deleted", "10.0.0.5:80"]);
  expect(view.counts()).toEqual({ services: 0, instances: 0 });
});

test("one service that several targets name is counted for each", () => {
  const view = newView();
  view.apply(
    response([
      { target: 0, put: [instance("x", 1)] },
      { target: 1, put: [instance("x", 1)] },
    ]),
  );
  expect(applied(view, response([{ target: 1, removed: ["x"] }]))).toEqual(["- a/x"]);
  expect(view.counts().instances).toBe(1);
});

test("who follows the lines ends with what the plane holds, whatever was reset in between", () => {
  const state = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 1, max: 3 }));
  const step = fc.record({ state, how: fc.constantFrom("change", "service reset", "watch reset") });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const view = newView();
      const followed = new Set<string>();
      let before: Record<string, number> = {};
      for (const { state: after, how } of steps) {
        const put = Object.entries(after).map(([id, revision]) => instance(id, revision));
        const removed = how === "change" ? Object.keys(before).filter((id) => !(id in after)) : [];
        const whole = how === "watch reset";
        const message = response([{ put, removed, reset: how !== "change" }], { reset: whole, synced: whole });
        for (const { sign, name } of view.apply(message)) {
          if (sign === "+") expect(followed.has(name)).toBe(false);
          if (sign === "-") followed.delete(name);
          else if (sign !== "!") followed.add(name);
        }
        expect([...followed].sort()).toEqual(
          Object.keys(after)
            .map((id) => `a/${id}`)
            .sort(),
        );
        before = after;
      }
    }),
  );
});
