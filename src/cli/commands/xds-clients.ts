import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import {
  ListXdsClientsResponseSchema,
  type XdsClient,
  type XdsClientType,
} from "../../../gen/portolan/admin/v1/admin_pb.js";
import { addPlaneCommand, type CommonOptions, type Context, runWithPlane, withOutput } from "../context.js";
import { formatAge, NOTHING, orNothing } from "../format.js";
import type { CliIo } from "../io.js";
import { collect, everyItem } from "../pages.js";
import type { Palette } from "../palette.js";
import { formatTable } from "../table.js";

/** Column -> the type that it counts. */
const TYPES = { CLUSTERS: "cluster", ENDPOINTS: "endpoints", LISTENERS: "listener", ROUTES: "route" } as const;

/** Adds `xds clients`: one line a stream. */
export function addXdsClients(program: Command, io: CliIo): void {
  const command = addPlaneCommand(program, "clients [node]", "list who is connected over xDS, and what they took");
  withOutput(command).action((node: string | undefined, options: CommonOptions) =>
    runWithPlane(io, options, (context) => list(context, node ?? "")),
  );
}

async function list(context: Context, node: string): Promise<void> {
  const { plane, out, palette, io } = context;
  const clients = await collect(
    everyItem(async (page) => {
      const response = await plane.admin.listXdsClients({ node, ...page });
      return { items: response.clients, nextPageToken: response.nextPageToken };
    }),
  );
  const whole = create(ListXdsClientsResponseSchema, { clients });
  await out.result(ListXdsClientsResponseSchema, whole, () => formatClients(clients, palette, io.clock.wallMs()));
  if (clients.length === 0) out.say(node === "" ? "nobody is connected over xDS" : `${node} is not connected`);
}

function formatClients(clients: readonly XdsClient[], palette: Palette, nowMs: number): string {
  if (clients.length === 0) return "";
  const header = ["NODE", "CLIENT", "CONSUMER", "ADDRESS", "AGE", ...Object.keys(TYPES), "STATE"];
  const rows = clients.map((client) => [
    orNothing(client.node),
    `${orNothing(client.userAgent)}${client.delta ? " delta" : ""}`,
    orNothing(client.consumer),
    client.address,
    formatAge(client.connectedAt, nowMs),
    ...Object.values(TYPES).map((type) => formatCount(client.types.find((one) => one.type === type))),
    formatState(client, palette),
  ]);
  return formatTable(header, rows) + clients.map(formatRefusals).join("");
}

/** "12" when it has all of them as they are now, "11/12" when not. */
function formatCount(type: XdsClientType | undefined): string {
  if (!type) return NOTHING;
  return type.current === type.resources ? String(type.resources) : `${type.current}/${type.resources}`;
}

function formatState({ types }: XdsClient, palette: Palette): string {
  if (types.some(({ error }) => error !== "")) return palette.red("refused");
  if (types.some(({ awaitsAck }) => awaitsAck)) return palette.yellow("waiting");
  return types.length === 0 ? NOTHING : palette.green("in sync");
}

function formatRefusals({ node, address, types }: XdsClient): string {
  const refused = types.filter(({ error }) => error !== "");
  return refused.map(({ type, error }) => `${node || address} refused ${type}: ${error}\n`).join("");
}
