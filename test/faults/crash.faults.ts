import { expect, test } from "vitest";
import { damageBytes } from "./crash/bytes.js";
import { killOverAndOver } from "./crash/kills.js";
import { cutPower } from "./crash/power.js";
import { startCampaign } from "./support/campaign.js";

const campaign = startCampaign("crash");

test("a plane that is killed at any moment has all that it acknowledged, and its watches and events agree with it", async () => {
  const { kills, acknowledged, revision } = await killOverAndOver(campaign, 50, campaign.budgetMs(0.5));
  console.log(`faults: crash: ${kills} kills, ${acknowledged} acknowledged writes, ${revision} revisions, 0 lost`);
});

test("after a power failure all that was synced is there, and a disk that kept less than it promised is refused", async () => {
  const { trials, whole, refused, bad } = await cutPower(campaign, 1_000, campaign.budgetMs(0.2));
  console.log(`faults: crash: ${trials} power failures, ${whole} came up whole, ${refused} were refused`);
  expect(bad).toEqual([]);
});

test("bytes that go wrong are never told as the state: all of it is there, or it is refused with the way out", async () => {
  const { trials, whole, refused, bad } = await damageBytes(campaign, 1_000, campaign.budgetMs(0.3));
  console.log(`faults: crash: ${trials} damaged directories, ${whole} came up whole, ${refused} were refused`);
  expect(bad).toEqual([]);
});
