// The two servers, each a process of its own with 500 services of 20 instances.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { dataDir, startPlane } from "../plane.mjs";

export const SERVICES = 500;
export const PER = 20;
const TICKS_PER_SECOND = 100;

/** Hosts of a service; one of them listens at `port` once it changed. */
function hosts(service, port = 80) {
  const host = (n) => `10.${service >> 8}.${service & 255}.${n + 1}`;
  return Array.from({ length: PER }, (_, n) => ({ host: host(n), port: n === 0 ? port : 80 }));
}

/** Ours, filled by RegisterBatch; a change is a Register of the same instance at another port. */
export async function openPortolan() {
  const { RegistryService } = await import("../../dist/gen/portolan/registry/v1/registry_pb.js");
  const plane = await startPlane({ dir: dataDir(), args: ["--http-address", "off", "--log-level", "info"] });
  const registry = createClient(RegistryService, createGrpcTransport({ baseUrl: `http://${plane.address}` }));
  const request = (service, n, endpoint) => ({
    instance: { service: `svc-${service}`, id: `i${n}`, endpoints: [{ ...endpoint, protocol: 1 }] },
    ttl: { seconds: 0n },
  });
  for (let service = 0; service < SERVICES; service++) {
    await registry.registerBatch({ requests: hosts(service).map((endpoint, n) => request(service, n, endpoint)) });
  }
  return {
    ...system(plane.child),
    address: plane.address,
    names: ["-suffix", ".default", "-routes", "%s.default"],
    change: (service, port) => registry.register(request(service, 0, hosts(service, port)[0])),
  };
}

/** go-control-plane; a change is a snapshot with other endpoints of one service. */
export async function openPeer() {
  const [xds, http] = [await freePort(), await freePort()];
  const tool = join(import.meta.dirname, "../.tools/xds-peer");
  const flags = ["-listen", `127.0.0.1:${xds}`, "-http", `127.0.0.1:${http}`, "-services", SERVICES, "-per", PER];
  const child = spawn(tool, flags.map(String), { stdio: ["ignore", "pipe", "inherit"] });
  await once(createInterface({ input: child.stdout }), "line");
  return {
    ...system(child),
    address: `127.0.0.1:${xds}`,
    names: ["-routes", "route-%s"],
    change(service, port) {
      const all = hosts(service, port).map(({ host, port: at }) => `${host}:${at}`);
      return fetch(`http://127.0.0.1:${http}/endpoints?name=svc-${service}&hosts=${all}`, { method: "POST" });
    },
  };
}

/** What the system says of a process. */
function system(child) {
  return {
    cpuSeconds() {
      const [, rest = ""] = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ");
      const fields = rest.split(" ");
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    rssMb() {
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1_024;
    },
    async stop() {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}
