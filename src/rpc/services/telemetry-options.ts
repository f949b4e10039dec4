import type { Discovery } from "../../discovery/index.js";
import type { Registry } from "../../registry/index.js";
import type { Clock } from "../../stream/index.js";
import type { Telemetry } from "../../telemetry/index.js";
import type { Filters } from "../filter/index.js";
import type { PageTokens } from "../page-tokens.js";
import type { Rules } from "../rules/index.js";

/** What TelemetryService needs. */
export interface TelemetryServiceOptions {
  readonly telemetry: Telemetry;
  /** Is told what callers saw, and says whether expiry is paused. */
  readonly registry: Pick<Registry, "observe" | "expiryGuard">;
  /** Says which services are in panic. */
  readonly discovery: Pick<Discovery, "getService">;
  readonly clock: Clock;
  readonly rules: Rules;
  readonly filters: Filters;
  readonly pageTokens: PageTokens;
}
