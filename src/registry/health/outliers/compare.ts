import type { OutlierSettings } from "./settings.js";

/** How an instance's calls went within an interval. */
export interface Tally {
  readonly id: string;
  readonly calls: number;
  readonly failures: number;
}

/** Which test found an instance to do worse than its siblings. */
export type Test = "consecutive_5xx" | "success_rate" | "failure_percentage";

/** An instance that does worse, and what shows it. */
export interface Outlier {
  readonly id: string;
  readonly test: Test;
  /** For people. */
  readonly evidence: string;
}

/** Rates that differ by less are alike: a mean of equal ones is not always equal to them. */
const ALIKE = 1e-9;

/** The instances that did worse than their siblings within an interval; one that both tests find is there once. */
export function outliersAmong(tallies: readonly Tally[], settings: OutlierSettings): Outlier[] {
  const found = new Map<string, Outlier>();
  for (const outlier of [...bySuccessRate(tallies, settings), ...byFailurePercentage(tallies, settings)]) {
    if (!found.has(outlier.id)) found.set(outlier.id, outlier);
  }
  return [...found.values()];
}

/** Below the mean by more than a multiple of the standard deviation. */
function bySuccessRate(tallies: readonly Tally[], settings: OutlierSettings): Outlier[] {
  const { successRateStdevFactor, successRateMinimumHosts, successRateRequestVolume } = settings;
  const enough = tallies.filter(({ calls }) => calls > 0 && calls >= successRateRequestVolume);
  if (successRateStdevFactor === 0 || enough.length === 0 || enough.length < successRateMinimumHosts) return [];
  const rates = enough.map(({ calls, failures }) => (calls - failures) / calls);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  const least = mean - (Math.sqrt(variance) * successRateStdevFactor) / 1_000;
  return enough.flatMap(({ id }, index) => {
    const rate = rates[index] ?? 1;
    if (rate >= least - ALIKE) return [];
    return { id, test: "success_rate", evidence: `${percent(rate)} of its calls succeed, ${percent(mean)} on average` };
  });
}

function byFailurePercentage(tallies: readonly Tally[], settings: OutlierSettings): Outlier[] {
  const { failurePercentageThreshold, failurePercentageMinimumHosts, failurePercentageRequestVolume } = settings;
  const enough = tallies.filter(({ calls }) => calls > 0 && calls >= failurePercentageRequestVolume);
  if (failurePercentageThreshold === 0 || enough.length < failurePercentageMinimumHosts) return [];
  return enough.flatMap(({ id, calls, failures }) => {
    if (failures * 100 < failurePercentageThreshold * calls) return [];
    return { id, test: "failure_percentage", evidence: `${percent(failures / calls)} of ${calls} calls failed` };
  });
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}
