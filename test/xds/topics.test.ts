import { expect, test } from "vitest";
import type { Recipe, Recipes, Source } from "../../src/xds/builder.js";
import { resourceOf } from "../../src/xds/resource.js";
import type { Subscriber } from "../../src/xds/topic.js";
import { Topics } from "../../src/xds/topics.js";
import { aGrpcNode, anEnvoy } from "./support/nodes.js";

const SOURCE: Source = { kind: "service", ref: { namespace: "default", name: "a" } };
const NAMESPACE: Source = { kind: "namespace", namespace: "default" };

/** Recipes whose contents a test sets, and topics over them. */
function open() {
  const state = { content: "1" as string | undefined, members: ["a"], broken: false, made: 0 };
  const failures: unknown[] = [];
  const idle: string[] = [];
  const recipes: Recipes = {
    recipe: (type, name): Recipe => ({
      source: SOURCE,
      make() {
        state.made++;
        if (state.broken) throw new Error("a bug");
        return state.content === undefined ? undefined : resourceOf(type, name, Buffer.from(state.content));
      },
    }),
    members: () => state.members,
    membersChange: () => true,
  };
  const topics = new Topics({
    recipes,
    onBuilt: () => {},
    onFailure: (_, __, error) => failures.push(error),
    onNamespaceIdle: (namespace) => idle.push(namespace),
  });
  return { state, failures, idle, topics };
}

class Heard implements Subscriber {
  readonly all: string[] = [];
  topicChanged(name: string, atMs: number): void {
    this.all.push(`${name} at ${atMs}`);
  }
  membersChanged(added: readonly string[], removed: readonly string[]): void {
    this.all.push(`+${added} -${removed}`);
  }
  settled(): void {
    this.all.push("settled");
  }
}

test("those who look alike share a resource, others do not", () => {
  const { topics, state } = open();
  const [a, b, c] = [new Heard(), new Heard(), new Heard()];
  expect(topics.open("endpoints", "a", aGrpcNode, a)).toBe(
    topics.open("endpoints", "a", { ...aGrpcNode, id: "other" }, b),
  );
  expect(topics.open("endpoints", "a", anEnvoy, c)).not.toBe(topics.open("endpoints", "a", aGrpcNode, a));
  expect(topics.size).toBe(2);
  expect(topics.open("endpoints", "a", aGrpcNode, b).resource).toBe(
    topics.open("endpoints", "a", aGrpcNode, a).resource,
  );
  expect(state.made).toBe(1);
});

test("a resource is made when it is first looked at, of what is then there", () => {
  const { topics, state } = open();
  const heard = new Heard();
  const topic = topics.open("endpoints", "a", aGrpcNode, heard);
  state.content = "2";
  topics.refresh(SOURCE, 5);
  expect([state.made, heard.all]).toEqual([0, []]);
  expect(Buffer.from(topic.resource?.any.value ?? []).toString()).toBe("2");
});

test("only another content is told, and speaking is allowed when all is made", () => {
  const { topics, state } = open();
  const heard = new Heard();
  expect(topics.open("endpoints", "a", aGrpcNode, heard).resource).toBeDefined();
  topics.refresh(SOURCE, 5);
  topics.settle();
  expect(heard.all).toEqual([]);
  state.content = "2";
  topics.refresh(SOURCE, 7);
  expect(heard.all).toEqual(["a at 7"]);
  topics.settle();
  topics.settle();
  expect(heard.all).toEqual(["a at 7", "settled"]);
});

test("a resource that cannot be made stays as it was, and stops no other", () => {
  const { topics, state, failures } = open();
  const heard = new Heard();
  const topic = topics.open("endpoints", "a", aGrpcNode, heard);
  const before = topic.resource;
  state.broken = true;
  topics.refresh(SOURCE, 5);
  expect([topic.resource, topic.failure, failures.length, heard.all]).toEqual([before, "a bug", 1, []]);
  state.broken = false;
  state.content = "2";
  topics.refresh(SOURCE, 6);
  expect([topic.failure, heard.all]).toEqual([undefined, ["a at 6"]]);
});

test("who left hears nothing, and what nobody asks for is forgotten", () => {
  const { topics, state } = open();
  const heard = new Heard();
  const topic = topics.open("endpoints", "a", aGrpcNode, heard);
  topics.close(topic, heard);
  state.content = "2";
  topics.refresh(SOURCE, 5);
  expect([heard.all, topics.size, topics.isUsed(SOURCE), state.made]).toEqual([[], 0, false, 0]);
});

test("a wildcard hears what it covers from now on, and what no more", () => {
  const { topics, state, idle } = open();
  const heard = new Heard();
  expect(topics.openMembers("cluster", anEnvoy, heard)).toEqual(["a"]);
  state.members = ["b"];
  topics.refresh(NAMESPACE, 5);
  topics.refresh(NAMESPACE, 6);
  expect(heard.all).toEqual(["+b -a"]);
  topics.closeMembers("cluster", anEnvoy, heard);
  expect([topics.isUsed(NAMESPACE), idle]).toEqual([false, ["default"]]);
});
