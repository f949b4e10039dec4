import { type App, startApp } from "../app.js";
import { EXIT } from "../cli/index.js";
import { ConfigError, loadConfig } from "../config.js";
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

/** Serves until a stop is asked for; ends the process. Settings, files and addresses that cannot be used are told a line each. */
export async function runServe(
  host: ServeHost,
  flags: Record<string, string>,
  file: string | undefined,
): Promise<void> {
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
