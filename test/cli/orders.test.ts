import { expect, test } from "vitest";
import { Health } from "../../gen/portolan/registry/v1/registry_pb.js";
import { EXIT } from "../../src/cli/index.js";
import { startPlane } from "../support/plane.js";
import { FakeIo } from "./fake-io.js";

const endpoints = [{ host: "127.0.0.1", port: 8080 }];

async function startWith(...ids: string[]) {
  const plane = await startPlane();
  for (const id of ids) await plane.registry.register({ instance: { service: "checkout", id, endpoints } });
  const run = async (...words: string[]) => {
    const io = new FakeIo();
    await io.run(...words, "--server", plane.grpcAddress);
    return { out: io.stdout.text, err: io.stderr.text, code: io.exitCode };
  };
  return { plane, run, [Symbol.asyncDispose]: () => plane[Symbol.asyncDispose]() };
}

test("drain orders one instance, or all of a service, and takes it back", async () => {
  await using started = await startWith("a", "b");
  const { run } = started;
  expect((await run("drain", "checkout", "a", "--reason", "new kernel", "--for", "30m")).out).toBe(
    "checkout/a is ordered DRAINING for 30m, and is DRAINING (r3)\n",
  );
  expect((await run("drain", "checkout")).out).toBe("2 instances of checkout drain until cleared (r4)\n");
  expect((await run("drain", "checkout", "--clear")).out).toBe("2 orders taken back (r5)\n");
  expect((await run("drain", "checkout", "--clear")).out).toBe("nothing was ordered of checkout\n");
});

test("override orders a health, and instances say why", async () => {
  await using started = await startWith("a");
  const { run, plane } = started;
  const ordered = await run("override", "checkout", "a", "not-serving", "--reason", "loses messages");
  expect(ordered.out).toBe("checkout/a is ordered NOT_SERVING until cleared, and is NOT_SERVING (r2)\n");
  expect((await run("instances")).out).toMatch(/WHY\n.*loses messages/);
  expect((await run("override", "checkout", "a", "--clear")).out).toBe("1 order taken back (r3)\n");
  expect((await run("instances")).out).not.toContain("WHY");
  const { instance } = await plane.registry.getInstance({ instance: { service: "checkout", id: "a" } });
  expect(instance?.health).toBe(Health.SERVING);
});

test.each([
  [["override", "checkout"], "name an instance and a health, or --clear"],
  [["override", "checkout", "a", "starting"], "must be one of serving, draining, not-serving"],
])("%j is a fault of usage", async (words, why) => {
  await using started = await startWith("a");
  const { err, code } = await started.run(...words);
  expect(err).toContain(why);
  expect(code).toBe(EXIT.usage);
});

test("an order about what is not there ends with the code for that", async () => {
  await using started = await startWith();
  expect((await started.run("drain", "nope")).code).toBe(EXIT.notFound);
  expect((await started.run("override", "checkout", "a", "draining")).code).toBe(EXIT.notFound);
});

test("--health-interval without a probe is a fault of usage", async () => {
  await using started = await startWith();
  const words = ["register", "--once", "--service", "x", "--endpoint", "127.0.0.1:1", "--health-interval", "1s"];
  const { err, code } = await started.run(...words);
  expect(err).toContain("--health-interval and --health-timeout need one of the --…-health options");
  expect(code).toBe(EXIT.usage);
});
