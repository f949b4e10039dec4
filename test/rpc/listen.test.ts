import { createServer } from "node:net";
import { expect, test } from "vitest";
import { listen } from "../../src/rpc/listen.js";

test("a connection that cannot be accepted is told of, and ends nothing", async () => {
  const told: unknown[] = [];
  const listener = createServer();
  const port = await listen(listener, "127.0.0.1", 0, (error) => told.push(error));
  const error = new Error("accept EMFILE");
  listener.emit("error", error);
  expect(told).toEqual([error]);
  expect(listener.address()).toMatchObject({ port });
  await new Promise((resolve) => listener.close(resolve));
});
