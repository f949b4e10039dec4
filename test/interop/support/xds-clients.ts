import { inProject } from "../../support/process/paths.js";
import type { Command } from "../../support/process/program.js";
import { inTools } from "./paths.js";

/** The xDS clients of gRPC that we have. */
export const LIBRARIES = ["go", "python", "node", "java"] as const;
export type Library = (typeof LIBRARIES)[number];

/** A gRPC library that resolves `xds:///NAME` by itself. */
export function libraryCommand(library: Library, bootstrap: string, name: string, intervalMs: number): Command {
  const { file, args } = client(library);
  return { file, args: [...args, `xds:///${name}`, `${intervalMs}`], env: { GRPC_XDS_BOOTSTRAP: bootstrap } };
}

/** A gRPC library that knows nothing of xDS and calls a service through a proxy, or a server itself. */
export function plainCommand(address: string, authority: string, intervalMs: number): Command {
  return { file: inTools("bin/xds-client"), args: [address, `${intervalMs}`, authority] };
}

function client(library: Library): Command {
  const sources = inProject("test/interop/xds/clients");
  switch (library) {
    case "go":
      return { file: inTools("bin/xds-client"), args: [] };
    case "python":
      return { file: inTools("xds-python/bin/python"), args: [`${sources}/python/client.py`] };
    case "node":
      return { file: process.execPath, args: [`${sources}/node/client.js`] };
    case "java": {
      const target = `${sources}/java/target`;
      return { file: "java", args: ["-cp", `${target}/classes:${target}/lib/*`, "portolan.interop.Client"] };
    }
  }
}

/** What tells a gRPC library, in zone z, where the plane is. */
export function grpcBootstrap(node: string, plane: string): string {
  return JSON.stringify({
    xds_servers: [{ server_uri: plane, channel_creds: [{ type: "insecure" }], server_features: ["xds_v3"] }],
    node: { id: node, cluster: "shop", locality: { region: "r", zone: "z" } },
    server_listener_resource_name_template: "grpc/server?xds.resource.listening_address=%s",
  });
}
