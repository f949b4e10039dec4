import type { Command } from "commander";
import type { CliIo } from "../io.js";
import { addXdsBootstrap } from "./xds-bootstrap.js";
import { addXdsClients } from "./xds-clients.js";
import { addXdsResources } from "./xds-resources.js";

/** Adds `xds`: who is connected over xDS, what they have, and how to become one. */
export function addXds(program: Command, io: CliIo): void {
  const command = program.command("xds").description("show who is told what over xDS, or print how to be told");
  addXdsClients(command, io);
  addXdsResources(command, io);
  addXdsBootstrap(command, io);
}
