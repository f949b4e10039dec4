import type { Logger } from "pino";
import type { Discovery } from "../../discovery/index.js";
import type { Registry } from "../../registry/index.js";
import type { Clock } from "../../stream/index.js";
import type { Filters } from "../filter/index.js";
import type { PageTokens } from "../page-tokens.js";
import type { Rules } from "../rules/index.js";

/** What RegistryService needs. */
export interface RegistryServiceOptions {
  readonly registry: Registry;
  readonly discovery: Discovery;
  readonly rules: Rules;
  readonly filters: Filters;
  readonly pageTokens: PageTokens;
  readonly clock: Clock;
  readonly log: Logger;
  /** Requests of one session that are worked on at once; beyond, its stream is not read. Default 1,000. */
  readonly maxSessionRequests?: number;
  /** Called with the reason of every request that failed within a session. */
  readonly onSessionFailure?: (reason: string) => void;
}
