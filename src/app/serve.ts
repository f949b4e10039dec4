import { type Command, Option } from "commander";
import { SETTINGS, type Setting, variableOf } from "../config.js";
import type { ServeHost } from "./run-serve.js";

/** Adds `portolan serve`, with a flag for every setting. */
export function addServe(program: Command, host: ServeHost): void {
  const serve = program
    .command("serve")
    .description("run the control plane until SIGTERM or SIGINT")
    .option("--config <file>", "a YAML file of settings, by the names of the flags (PORTOLAN_CONFIG)");
  for (const setting of Object.values<Setting>(SETTINGS)) serve.addOption(optionOf(setting));
  serve.action(async (_, command: Command) => {
    const { config: file, ...flags } = command.opts<Record<string, string | boolean>>();
    // Loaded here, so that commands which only ask a server start without it.
    const { runServe } = await import("./run-serve.js");
    await runServe(host, flagsOf(flags), typeof file === "string" ? file : undefined);
  });
}

function optionOf(setting: Setting): Option {
  const value = setting.kind.range === "true, false" ? "[true|false]" : "<value>";
  const text = `${setting.meaning} (${setting.kind.range}; default ${setting.default}; ${variableOf(setting)})`;
  return new Option(`--${setting.name} ${value}`, text);
}

/** Commander's camel-cased options -> flags by their names. */
function flagsOf(options: Readonly<Record<string, string | boolean>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      String(value),
    ]),
  );
}
