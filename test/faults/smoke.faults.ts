import { expect, test } from "vitest";
import { startCampaign } from "./support/campaign.js";

test("seeds", () => {
  expect(startCampaign("crash").random.below(5)).toBeLessThan(5);
});
