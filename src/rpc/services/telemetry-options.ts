import type { Telemetry } from "../../telemetry/index.js";
import type { Filters } from "../filter/index.js";
import type { PageTokens } from "../page-tokens.js";
import type { Rules } from "../rules/index.js";

/** What TelemetryService needs. */
export interface TelemetryServiceOptions {
  readonly telemetry: Telemetry;
  readonly rules: Rules;
  readonly filters: Filters;
  readonly pageTokens: PageTokens;
}
