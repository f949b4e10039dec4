import { type Command, Option } from "commander";
import { type App, startApp } from "../app.js";
import { EXIT } from "../cli/index.js";
import { ConfigError, loadConfig, SETTINGS, type Setting, variableOf } from "../config.js";
import { StoreOpenError } from "../store/index.js";
import { ListenError } from "./listen-error.js";

/** The part of the process that serving works with. */
export interface ServeHost {
  readonly stdout: { readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls `listener` for each SIGTERM and SIGINT. */
  onStopSignal(listener: () => void): void;
  /** Calls `listener` for what nobody caught. */
  onCrash(listener: (error: unknown) => void): void;
  exit(code: number): never;
}

/** Adds `portolan serve`, with a flag for every setting. */
export function addServe(program: Command, host: ServeHost): void {
  const serve = program
    .command("serve")
    .description("Run the control plane until SIGTERM or SIGINT.")
    .option("--config <file>", "a YAML file of settings, by the names of the flags (PORTOLAN_CONFIG)");
  for (const setting of Object.values<Setting>(SETTINGS)) serve.addOption(optionOf(setting));
  serve.action(async (_, command: Command) => {
    const { config: file, ...flags } = command.opts<Record<string, string | boolean>>();
    await run(host, flagsOf(flags), typeof file === "string" ? file : undefined);
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

async function run(host: ServeHost, flags: Record<string, string>, file: string | undefined): Promise<void> {
  // Heard from the first moment on: a stop may be asked for while the store is being loaded.
  let app: App | undefined;
  let stopAsked = false;
  host.onStopSignal(() => {
    if (stopAsked) host.exit(EXIT.failed);
    stopAsked = true;
    if (app) stop(app, host);
  });
  host.onCrash((error) => {
    if (app) app.log.fatal({ err: error }, "crashed");
    else host.stderr.write(`portolan: crashed: ${error instanceof Error ? error.stack : String(error)}\n`);
    host.exit(EXIT.failed);
  });
  app = await start(host, flags, file);
  if (stopAsked) stop(app, host);
}

function stop(app: App, host: ServeHost): void {
  app.stop().then(
    () => host.exit(EXIT.ok),
    (error: unknown) => {
      app.log.fatal({ err: error }, "the stop failed");
      host.exit(EXIT.failed);
    },
  );
}

async function start(host: ServeHost, flags: Record<string, string>, file: string | undefined): Promise<App> {
  try {
    const config = loadConfig({ flags, env: host.env, ...(file !== undefined && { file }) });
    return await startApp(config, { isTTY: host.stdout.isTTY === true });
  } catch (error) {
    const lines = linesOf(error);
    if (!lines) throw error;
    for (const line of lines) host.stderr.write(`portolan: ${line}\n`);
    return host.exit(error instanceof ConfigError ? EXIT.usage : EXIT.failed);
  }
}

/** What an operator can do something about, a line each; undefined for a fault of ours. */
function linesOf(error: unknown): readonly string[] | undefined {
  if (error instanceof ConfigError) return error.faults;
  if (error instanceof ListenError || error instanceof StoreOpenError) return [error.message];
  return undefined;
}
