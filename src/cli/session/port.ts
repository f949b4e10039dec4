import { once } from "node:events";
import { connect } from "node:net";
import type { Endpoint } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { CliIo } from "../io.js";
import { pause } from "../retry.js";

const RETRY_MS = 100;

/** Resolves when the endpoint's port accepts a connection, or when `signal` aborts. */
export async function waitForPort(io: Pick<CliIo, "clock">, endpoint: Endpoint, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await accepts(endpoint))) await pause(io.clock, RETRY_MS, signal);
}

async function accepts(endpoint: Endpoint): Promise<boolean> {
  const socket = connect({ host: endpoint.host, port: endpoint.port, timeout: 1_000 });
  socket.once("timeout", () => socket.destroy(new Error("timed out")));
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
