import { connect as connectTcp } from "node:net";
import type { Place } from "./connect.js";
import { failedBy, type Outcome, PASSED } from "./outcome.js";
import type { ProbeClient, Report } from "./probe-client.js";

/** Connects, and closes at once. */
export class TcpProbe implements ProbeClient {
  readonly keepsConnection = false;
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  start(report: Report): () => void {
    const { address, port } = this.#place;
    const socket = connectTcp({ host: address, port }).unref();
    const done = (outcome: Outcome) => {
      socket.destroy();
      report(outcome);
    };
    socket.once("connect", () => done(PASSED));
    socket.on("error", (error) => done(failedBy(error)));
    return () => socket.destroy();
  }

  close(): void {}
}
