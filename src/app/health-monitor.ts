import type { Health } from "../observe/index.js";
import type { Store } from "../store/index.js";
import type { Clock, Timer } from "../stream/index.js";

/** How soon health says that the store stopped writing, or writes again. */
const POLL_MS = 500;

/** Keeps health's `writable` as the store's, until the returned function is called. */
export function monitorStore(options: {
  readonly store: Store;
  readonly health: Health;
  readonly clock: Clock;
}): () => void {
  const { store, health, clock } = options;
  let timer: Timer | undefined;
  const look = () => {
    health.setWritable(store.status().writable);
    timer = clock.after(POLL_MS, look);
  };
  look();
  return () => timer?.cancel();
}
