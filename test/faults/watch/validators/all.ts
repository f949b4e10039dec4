import { atomic } from "./atomic.js";
import { bookmarks } from "./bookmarks.js";
import { committedAt } from "./committed-at.js";
import type { Validator } from "./finding.js";
import { merged } from "./merged.js";
import { ordered } from "./ordered.js";
import { pieces } from "./pieces.js";
import { reliable } from "./reliable.js";
import { resets } from "./resets.js";
import { synced } from "./synced.js";
import { unique } from "./unique.js";

/** Name of a promise -> its validator: what every stream must pass. */
export const VALIDATORS: Readonly<Record<string, Validator>> = {
  ordered,
  unique,
  atomic,
  pieces,
  bookmarks,
  synced,
  resets,
  reliable,
  merged,
  "committed at": committedAt,
};
