import { hostname } from "node:os";
import { type Command, InvalidArgumentError } from "commander";
import { stringify } from "yaml";
import type { Locality } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { parseAddress } from "../../model/index.js";
import { reportError } from "../context.js";
import { CliError } from "../errors.js";
import { EXIT } from "../exit-codes.js";
import type { CliIo } from "../io.js";
import { parseLocality } from "../parse.js";
import { DEFAULT_SERVER, parseServer } from "../plane.js";
import { type BootstrapNode, envoyBootstrap, grpcBootstrap } from "./xds-bootstrap-files.js";

interface BootstrapOptions {
  readonly server?: string;
  readonly nodeId?: string;
  readonly consumer?: string;
  readonly namespace?: string;
  readonly locality?: Locality;
  readonly envoy?: boolean;
  readonly listen?: string;
  readonly inbound?: { readonly listen: string; readonly forward: string };
  readonly accessLog?: boolean;
  readonly admin?: string;
}

const DEFAULT_LISTEN = "127.0.0.1:10000";
/** Envoy wants its cluster to have a name; this one is no name of a service. */
const UNNAMED = "_unnamed";
const DEFAULT_ADMIN = "127.0.0.1:9901";

/** Adds `xds bootstrap`: prints what a client is started with. Needs no control plane. */
export function addXdsBootstrap(program: Command, io: CliIo): void {
  program
    .command("bootstrap")
    .description("print the bootstrap of a gRPC client (JSON), or with --envoy the configuration of an Envoy (YAML)")
    .option("--server <address>", `gRPC address of the control plane (PORTOLAN_SERVER, default ${DEFAULT_SERVER})`)
    .option("--node-id <id>", "how the client is called in `portolan xds clients` (default: consumer and host)")
    .option("--consumer <service>", "the service that calls, for statistics of who calls whom")
    .option("-n, --namespace <name>", "what names without a namespace mean (default: default)")
    .option("--locality <region/zone/sub-zone>", "where it runs, which decides whom it calls first", parseLocality)
    .option("--envoy", "for Envoy")
    .option(
      "--listen <ip:port>",
      `with --envoy: where it takes calls to other services (default ${DEFAULT_LISTEN})`,
      checkAddress,
    )
    .option(
      "--inbound <ip:port=ip:port>",
      "with --envoy: where it takes calls to its own service, and where that listens",
      parseInbound,
    )
    .option("--access-log", "with --envoy: send a line about each request, to be read by `portolan logs`")
    .option("--admin <ip:port>", `with --envoy: where its own admin page is (default ${DEFAULT_ADMIN})`, checkAddress)
    .action((options: BootstrapOptions) => print(io, options));
}

function print(io: CliIo, options: BootstrapOptions): void {
  const { server = io.env.PORTOLAN_SERVER || DEFAULT_SERVER, envoy, listen, inbound, accessLog, admin } = options;
  try {
    const plane = parseServer(server);
    if (!envoy && (listen ?? inbound ?? accessLog ?? admin) !== undefined) {
      throw new CliError("--listen, --inbound, --access-log and --admin go with --envoy", EXIT.usage);
    }
    const text = envoy
      ? stringify(
          envoyBootstrap(nodeOf(options), {
            plane,
            listen: listen ?? DEFAULT_LISTEN,
            admin: admin ?? DEFAULT_ADMIN,
            accessLog: accessLog ?? false,
            ...(inbound && { inbound }),
          }),
          { aliasDuplicateObjects: false },
        )
      : `${JSON.stringify(grpcBootstrap(nodeOf(options), plane), null, 2)}\n`;
    io.stdout.write(text);
  } catch (error) {
    reportError(io, error instanceof InvalidArgumentError ? new CliError(error.message, EXIT.usage) : error, server);
  }
}

function nodeOf({ nodeId, consumer, namespace, locality, envoy }: BootstrapOptions): BootstrapNode {
  const name = consumer ?? (envoy ? "envoy" : "client");
  return {
    id: nodeId ?? `${name}-${hostname()}`,
    cluster: consumer ?? (envoy ? UNNAMED : ""),
    ...(namespace !== undefined && { namespace }),
    ...(locality && { locality }),
  };
}

function checkAddress(text: string): string {
  if (!parseAddress(text)) throw new InvalidArgumentError(`"${text}" is not an address: write IP:PORT.`);
  return text;
}

function parseInbound(text: string): { listen: string; forward: string } {
  const [listen = "", forward = "", ...rest] = text.split("=");
  if (rest.length > 0 || !parseAddress(listen) || !parseAddress(forward)) {
    throw new InvalidArgumentError(`"${text}" is not two addresses: write IP:PORT=IP:PORT.`);
  }
  return { listen, forward };
}
