import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Health } from "../../gen/health/v1/health_pb.js";
import { Plane } from "../support/process/plane.js";
import { bytesSubject } from "./fuzz/bytes-part.js";
import { Caller, PATIENCE_MS } from "./fuzz/call.js";
import { explore } from "./fuzz/explore.js";
import { filterSubject } from "./fuzz/filters.js";
import { httpSubject } from "./fuzz/http-part.js";
import { goodRequest, methodsOf, OWN_SERVICES, SERVICES, servedNames } from "./fuzz/methods.js";
import { pagesSubject, registerPaged } from "./fuzz/pages-part.js";
import { requestSubject } from "./fuzz/requests-part.js";
import { sessionsSubject } from "./fuzz/sessions-part.js";
import { Witness } from "./fuzz/witness.js";
import { startCampaign } from "./support/campaign.js";

const campaign = startCampaign("fuzz");
let plane: Plane;

beforeAll(async () => {
  plane = await Plane.start();
});
afterAll(() => plane[Symbol.asyncDispose]());

afterEach(async () => {
  const health = createClient(Health, createGrpcTransport({ baseUrl: `http://${plane.grpc}` }));
  expect(await health.check({}, { timeoutMs: PATIENCE_MS })).toMatchObject({ status: 1 });
  expect(plane.log.filter((line) => !/"level":[1-4]0/.test(line))).toEqual([]);
});

test("nothing that the server offers is forgotten here", async () => {
  const transport = createGrpcTransport({ baseUrl: `http://${plane.grpc}` });
  expect(await servedNames(transport)).toEqual(SERVICES.map(({ typeName }) => typeName).sort());
  for (const method of methodsOf(SERVICES)) expect(goodRequest(method).$typeName).toBe(method.input.typeName);
});

test("whatever a method is asked, it answers as the contract says, and what it refuses changes nothing", async () => {
  const transport = createGrpcTransport({ baseUrl: `http://${plane.grpc}` });
  const witness = new Witness(transport);
  const caller = new Caller(`http://${plane.grpc}`);
  const tally = { accepted: 0, refused: 0 };
  const subjects = methodsOf(SERVICES).map((method) => requestSubject(method, { caller, witness, tally }));
  const extent = { random: campaign.random.fork(), budgetMs: campaign.budgetMs(0.4), least: 20 };
  const runs = await explore(subjects, extent);
  console.log(`faults: fuzz: ${runs} requests of ${subjects.length} methods`, tally);
});

test("sessions in odd orders, and pages with foreign tokens, are refused where they are wrong and nowhere else", async () => {
  const transport = createGrpcTransport({ baseUrl: `http://${plane.grpc}` });
  const { registry } = new Witness(transport);
  await registerPaged(registry);
  const extent = { random: campaign.random.fork(), budgetMs: campaign.budgetMs(0.05), least: 200 };
  const pages = await explore([pagesSubject(registry)], extent);
  const stories = await explore([sessionsSubject(new Caller(`http://${plane.grpc}`))], {
    ...extent,
    random: campaign.random.fork(),
  });
  console.log(`faults: fuzz: ${pages} page tokens, ${stories} stories of sessions`);
});

test("whatever a filter says, it holds the event loop for no longer than a moment", async () => {
  const holds = { made: 0, refused: 0, longestMakingMs: 0, longestEvaluationMs: 0 };
  const extent = { random: campaign.random.fork(), budgetMs: campaign.budgetMs(0.15), least: 500 };
  const runs = await explore([filterSubject(holds)], extent);
  console.log(`faults: fuzz: ${runs} filters`, holds);
});

test("whatever bytes a method is sent over gRPC, the call ends with a status of the contract", async () => {
  const subjects = methodsOf(SERVICES).map((method) => bytesSubject(method, `http://${plane.grpc}`));
  const extent = { random: campaign.random.fork(), budgetMs: campaign.budgetMs(0.1), least: 20 };
  const runs = await explore(subjects, extent);
  console.log(`faults: fuzz: ${runs} calls of ${subjects.length} methods with bytes of all kinds`);
});

test("whatever is posted to the HTTP port, it is answered, and not with a failure of the server's own", async () => {
  const subjects = methodsOf(OWN_SERVICES).map((method) => httpSubject(method, plane.http));
  const extent = { random: campaign.random.fork(), budgetMs: campaign.budgetMs(0.15), least: 20 };
  const runs = await explore(subjects, extent);
  console.log(`faults: fuzz: ${runs} posts to ${subjects.length} methods`);
});
