import { PassThrough, Writable } from "node:stream";
import { expect, test } from "vitest";
import { Output, ReaderGone } from "../../src/cli/output.js";
import { FakeIo } from "./fake-io.js";
import { FakePlane } from "./fake-plane.js";

test("a slow reader of stdout is waited for", async () => {
  const stdout = new PassThrough({ highWaterMark: 4 });
  const out = new Output({ stdout, stderr: stdout }, "table");
  let written = false;
  const writing = out.write("more than that").then(() => {
    written = true;
  });
  await new Promise(setImmediate);
  expect(written).toBe(false);
  stdout.resume();
  await writing;
});

/** A pipe whose reader closed it. */
function closedPipe(code: string): Writable {
  return new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })),
  });
}

test("a reader that is gone is told from a stdout that fails", async () => {
  const writeTo = (stdout: Writable) => new Output({ stdout, stderr: stdout }, "table").write("text");
  await expect(writeTo(closedPipe("EPIPE"))).rejects.toBeInstanceOf(ReaderGone);
  await expect(writeTo(closedPipe("ENOSPC"))).rejects.toMatchObject({ code: "ENOSPC" });
});

test("a stream ends without a word when its reader is gone", async () => {
  await using plane = await FakePlane.start({
    discovery: {
      async *watch() {
        yield { revision: 1n, synced: true };
        yield { revision: 2n, synced: true };
        await new Promise(() => {});
      },
    },
  });
  const io = Object.assign(new FakeIo(), { stdout: closedPipe("EPIPE") });
  await io.run("watch", "checkout", "--server", plane.address);
  expect([io.exitCode, io.stderr.text]).toEqual([0, ""]);
});
