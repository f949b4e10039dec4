import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { ListenError } from "../../src/app/listen-error.js";
import { startDirectory } from "../support/directory.js";
import { startPlane } from "../support/plane.js";

test.each(["grpc-address", "http-address"])("a %s that is taken leaves neither store nor port locked", async (flag) => {
  await using directory = await startDirectory();
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const taken = other.address();
  const port = typeof taken === "object" ? taken?.port : 0;
  const overrides = { store: "level", dataDir: directory.path } as const;
  await expect(startPlane({ ...overrides, flags: { [flag]: `127.0.0.1:${port}` } })).rejects.toThrow(ListenError);
  other.close();
  await once(other, "close");
  await using plane = await startPlane({ ...overrides, flags: { [flag]: `127.0.0.1:${port}` } });
  expect((await plane.admin.getInfo({})).store).toBe("level");
});
