import { expect, test } from "vitest";
import { BufferedBytes } from "../../src/rpc/buffered-bytes.js";

function open(maxBytes: number) {
  const cut: string[] = [];
  const buffered = new BufferedBytes({ maxBytes, onCut: () => {} });
  const connection = (name: string) => ({ destroy: () => void cut.push(name) });
  return { buffered, connection, cut };
}

test("up to the bound nobody is closed, and what is released is free", () => {
  const { buffered, connection, cut } = open(100);
  const held = buffered.hold(connection("a"), 100);
  held.set(40);
  expect(buffered.total).toBe(40);
  held.release();
  held.release();
  held.set(7);
  expect(buffered.total).toBe(0);
  expect(cut).toEqual([]);
});

test("beyond the bound the connection that holds the most is closed, and nothing of it counts any more", async () => {
  const { buffered, connection, cut } = open(100);
  const greedy = connection("greedy");
  const holds = [buffered.hold(greedy, 30), buffered.hold(greedy, 30)];
  const modest = buffered.hold(connection("modest"), 35);
  buffered.hold(connection("last"), 10);
  buffered.hold(greedy, 90);
  expect(cut, "closed within a callback of its own").toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(cut).toEqual(["greedy"]);
  expect(buffered.total).toBe(45);
  for (const hold of holds) hold.release();
  modest.set(20);
  expect(buffered.total).toBe(30);
});

test("what several send is counted once, until the last of them lets go", () => {
  const { buffered, connection, cut } = open(100);
  const news = {};
  const holds = ["a", "b", "c"].map((name) => buffered.hold(connection(name), 60, news));
  expect(buffered.total).toBe(60);
  expect(cut).toEqual([]);
  holds[0]?.release();
  holds[1]?.release();
  expect(buffered.total).toBe(60);
  holds[2]?.release();
  expect(buffered.total).toBe(0);
});
