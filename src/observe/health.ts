/** starting -> serving -> stopping; a server never comes back from stopping. */
export type ServerState = "starting" | "serving" | "stopping";

/** How the server is, as health checks are told. */
export interface HealthReport {
  readonly state: ServerState;
  /** False while the store refuses writes: reads and watches go on. */
  readonly writable: boolean;
}

/** Brings together what decides whether this server should get calls, and tells who listens when that changes. */
export class Health {
  #report: HealthReport = { state: "starting", writable: false };
  readonly #listeners: ((report: HealthReport) => void)[] = [];

  get report(): HealthReport {
    return this.#report;
  }

  /** Calls `listener` now and at every change. */
  onChange(listener: (report: HealthReport) => void): void {
    this.#listeners.push(listener);
    listener(this.#report);
  }

  setState(state: ServerState): void {
    this.#set({ ...this.#report, state });
  }

  setWritable(writable: boolean): void {
    this.#set({ ...this.#report, writable });
  }

  #set(report: HealthReport): void {
    const same = report.state === this.#report.state && report.writable === this.#report.writable;
    if (same || (this.#report.state === "stopping" && report.state !== "stopping")) return;
    this.#report = report;
    for (const listener of this.#listeners) listener(report);
  }
}
