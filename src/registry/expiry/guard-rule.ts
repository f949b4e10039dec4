/** When many clients count as lost at once. */
export interface ExpiryGuardLimits {
  /** Fewer are no mass. Default 10. */
  readonly minClients: number;
  /** Of all clients, 0 to 100; more than this must be lost. Default 30; 100 turns the guard off. */
  readonly maxLostPercent: number;
  /** How long nothing expires at most, in milliseconds. Default 5 min. */
  readonly maxPauseMs: number;
}

/** True when so many of all clients are lost that it is more likely that we do not hear them. */
export function isMassLoss(lost: number, all: number, { minClients, maxLostPercent }: ExpiryGuardLimits): boolean {
  return lost >= minClients && lost * 100 > maxLostPercent * all;
}
