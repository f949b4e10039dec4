import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DiscoveryService } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import { RegistryService } from "../../gen/portolan/registry/v1/registry_pb.js";
import { TelemetryService } from "../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { Plane } from "../support/process/plane.js";
import type { Program } from "../support/process/program.js";
import { LANGUAGES, type Language, startConsumer, startService } from "./support/examples.js";

const CHANGE = /^[-+~] /;
const CALL = /^hello /;
const FAILED_CALL = /^call of .* failed/;

/** One story in chapters: each test goes on where the one before it stopped. */
describe("services and consumers in four languages", () => {
  let plane: Plane;
  let registry: Client<typeof RegistryService>;
  let discovery: Client<typeof DiscoveryService>;
  let telemetry: Client<typeof TelemetryService>;
  /** id -> the process that serves under it. */
  const services = new Map<string, Program>();
  const consumers = new Map<Language, Program>();
  const idOf = (language: Language) => `${language}-1`;

  beforeAll(async () => {
    plane = await Plane.start();
    const transport = createGrpcTransport({ baseUrl: `http://${plane.grpc}` });
    registry = createClient(RegistryService, transport);
    discovery = createClient(DiscoveryService, transport);
    telemetry = createClient(TelemetryService, transport);
  });
  afterAll(async () => {
    for (const program of [...services.values(), ...consumers.values()]) await program[Symbol.asyncDispose]();
    await plane[Symbol.asyncDispose]();
  });

  test("consumers that come first wait for a service to appear", async () => {
    for (const language of LANGUAGES) consumers.set(language, startConsumer(language, plane.grpc));
    await everyConsumer((consumer) => consumer.line(/^synced at revision 0$/));
  });

  test("a service of each language registers itself", async () => {
    for (const language of LANGUAGES) services.set(idOf(language), startService(language, plane.grpc, idOf(language)));
    await everyService((service) => service.line(/^registered /));
    const { instances } = await registry.listInstances({ service: "greeter" });
    expect(Object.fromEntries(instances.map(({ id, labels }) => [id, labels.lang]))).toEqual(
      Object.fromEntries(LANGUAGES.map((language) => [idOf(language), language])),
    );
  });

  test("a consumer of each language sees all four and calls all four", async () => {
    await everyConsumer(async (consumer) => {
      for (const language of LANGUAGES) {
        await consumer.line(new RegExp(`^\\+ ${idOf(language)} `));
        await consumer.line(new RegExp(`^hello .* from ${idOf(language)} \\(${language}\\)$`));
      }
    });
  });

  test("a plane that is killed and started again is noticed by no consumer", () =>
    unnoticed(async () => {
      await plane.kill();
      await everyConsumer(callsGoOn);
      await plane.start();
    }));

  test("a plane that is stopped and started again is noticed by no consumer", () =>
    unnoticed(async () => {
      expect(await plane.stop()).toBe(0);
      await everyConsumer(callsGoOn);
      await plane.start();
    }));

  test.each(LANGUAGES)("a %s service that another process replaces ends and says so", async (language) => {
    const before = marks();
    const former = service(language);
    const successor = startService("typescript", plane.grpc, idOf(language));
    services.set(idOf(language), successor);
    await former.line(/another process registered it/);
    expect(await former.exited).toBe(1);
    await everyConsumer((consumer) => consumer.line(`~ ${idOf(language)}`, before.get(consumer)));
    expect(await successor.kill("SIGTERM")).toBe(0);
    services.delete(idOf(language));
    await everyConsumer((consumer) => consumer.line(`- ${idOf(language)}`));
  });

  test.each(LANGUAGES)(
    "a new %s service appears to every consumer and leaves at once when told to stop",
    async (language) => {
      const id = `${language}-2`;
      const program = startService(language, plane.grpc, id);
      services.set(id, program);
      await everyConsumer((consumer) => consumer.line(new RegExp(`from ${id} `)));
      const asked = performance.now();
      const exit = program.kill("SIGTERM");
      await everyConsumer((consumer) => consumer.line(`- ${id}`));
      expect(performance.now() - asked).toBeLessThan(5_000); // its session would have kept it for 15 s
      expect(await exit).toBe(0);
      services.delete(id);
    },
  );

  test("a plane that lost its data gets everybody back", async () => {
    for (const language of LANGUAGES) services.set(idOf(language), startService(language, plane.grpc, idOf(language)));
    await everyConsumer((consumer) => hearsEverybody(consumer));
    const before = marks();
    await plane.kill();
    await plane.forgetEverything();
    await plane.start();
    await everyService((program) => program.line(/^registered /, before.get(program)));
    // Until a consumer is in sync again it calls whom it knew before.
    await everyConsumer((consumer) => consumer.line(/^synced at revision /, before.get(consumer)));
    await everyConsumer((consumer) => hearsEverybody(consumer));
  });

  test("no call has failed in all that time", async () => {
    const { revision } = await registry.listInstances({ service: "greeter" });
    await everyConsumer(async (consumer) => {
      expect(consumer.lines.filter((line) => FAILED_CALL.test(line))).toEqual([]);
      expect(await consumer.kill("SIGTERM")).toBe(0);
      const summary = JSON.parse(consumer.lines.at(-1) ?? "");
      expect(summary).toMatchObject({ failed: 0, ok: expect.any(Number), revision: Number(revision) });
      for (const language of LANGUAGES) expect(summary.by_instance[idOf(language)]).toBeGreaterThan(0);
    });
  });

  /** Lets `restart` happen and shows that sessions were resumed, and that neither watches nor calls were touched. */
  async function unnoticed(restart: () => Promise<void>): Promise<void> {
    const { revision } = await registry.listInstances({ service: "greeter" });
    const before = marks();
    const eventsBefore = (await eventTypes()).length;
    await restart();
    await everyService((program) => program.line(/^session .* resumed$/, before.get(program)));
    await everyConsumer((consumer) => consumer.line(`synced at revision ${revision}`, before.get(consumer)));
    await everyConsumer(callsGoOn);
    await everyConsumer(async (consumer) => {
      const since = consumer.lines.slice(before.get(consumer));
      expect(since.filter((line) => CHANGE.test(line) || FAILED_CALL.test(line))).toEqual([]);
    });
    await expectNothingSince(revision);
    const types = (await eventTypes()).slice(0, -eventsBefore);
    expect(types.filter((type) => type === "session.resumed")).toHaveLength(LANGUAGES.length);
    expect(types.filter((type) => type.startsWith("instance."))).toEqual([]);
  }

  /** Shows that a watch resumed after `revision` has missed nothing. */
  async function expectNothingSince(revision: bigint): Promise<void> {
    const cancel = new AbortController();
    const request = { targets: [{ service: "greeter" }], afterRevision: revision };
    for await (const response of discovery.watch(request, { signal: cancel.signal })) {
      expect(response).toMatchObject({ revision, synced: true, reset: false, updates: [] });
      break;
    }
    cancel.abort();
  }

  /** Types of all events, newest first. */
  async function eventTypes(): Promise<string[]> {
    const { events } = await telemetry.queryEvents({ pageSize: 1_000 });
    return events.map(({ type }) => type);
  }

  /** Program -> how many lines it has said until now. */
  function marks(): Map<Program, number> {
    return new Map([...services.values(), ...consumers.values()].map((program) => [program, program.lines.length]));
  }

  function service(language: Language): Program {
    const program = services.get(idOf(language));
    if (!program) throw new Error(`no ${language} service is running`);
    return program;
  }

  async function everyService(act: (program: Program) => Promise<unknown>): Promise<void> {
    await Promise.all([...services.values()].map(act));
  }

  async function everyConsumer(act: (program: Program) => Promise<unknown>): Promise<void> {
    await Promise.all([...consumers.values()].map(act));
  }

  /** Waits until it was answered ten times more. */
  async function callsGoOn(consumer: Program): Promise<void> {
    const answered = () => consumer.lines.filter((line) => CALL.test(line)).length;
    const enough = answered() + 10;
    await consumer.until(() => (answered() >= enough ? true : undefined), "ten more answers");
  }

  /** Waits until each language's first service answered it, from line `after` on. */
  async function hearsEverybody(consumer: Program, after = consumer.lines.length): Promise<void> {
    for (const language of LANGUAGES)
      await consumer.line(new RegExp(`from ${idOf(language)} \\(${language}\\)$`), after);
  }
});
