import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { parseDocument } from "yaml";
import type { ListenAddress } from "./config/kinds.js";
import { nearest } from "./config/nearest.js";
import { type Config, SETTINGS, type Setting, variableOf } from "./config/settings.js";

export type { ListenAddress } from "./config/kinds.js";
export { type Config, SETTINGS, type Setting, settingsTable, variableOf } from "./config/settings.js";

/** Settings that cannot be used, all faults together. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** One sentence each, with the setting as its writer spelled it, on a line of its own. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    const lines = faults.map((fault) => fault.replaceAll(/\s*[\r\n]+\s*/g, " "));
    super(lines.join("\n"));
    this.faults = lines;
  }
}

/** Where settings come from. Flags beat variables, variables beat the file. */
export interface ConfigSources {
  /** Flag -> its text: `{"grpc-address": "127.0.0.1:0"}`. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Default: this process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A YAML file; default: PORTOLAN_CONFIG, or none. */
  readonly file?: string;
}

/** Variables that the commands read, and serving does not. */
const VARIABLES_OF_COMMANDS = new Set(["PORTOLAN_CONFIG", "PORTOLAN_SERVER"]);

/** Variables that Kubernetes sets for a Service named portolan: nobody wrote them, so they are no mistake. */
const SERVICE_LINK = /^PORTOLAN_((\w+_)?SERVICE_(HOST|PORT(_\w+)?)|(\w+_)?PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$/;

/** A value, and how its writer would find it. */
interface Given {
  readonly text: string;
  readonly origin: string;
}

/**
 * Reads all settings, with their defaults.
 *
 * @throws ConfigError naming every unknown setting and every value out of range.
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const env = sources.env ?? environment();
  const faults: string[] = [];
  const given = new Map<string, Given>([
    ...fromFile(sources.file ?? env.PORTOLAN_CONFIG, faults),
    ...fromEnvironment(env, faults),
    ...fromFlags(sources.flags ?? {}, faults),
  ]);
  const config = Object.fromEntries(
    Object.entries<Setting>(SETTINGS).map(([key, setting]) => [key, settled(setting, given.get(setting.name), faults)]),
  ) as Config;
  if (faults.length === 0) faults.push(...contradictions(config));
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** The environment of this process: the one place that reads it. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

function settled(setting: Setting, given: Given | undefined, faults: string[]): unknown {
  const result = setting.kind.schema.safeParse(given?.text ?? setting.default);
  if (result.success) return result.data;
  const why = setting.name === "store" ? storeFault(given?.text) : result.error.issues[0]?.message;
  faults.push(`${given?.origin ?? setting.name} ${why}`);
  return undefined;
}

function storeFault(text = ""): string {
  return text.startsWith("etcd:")
    ? "names etcd, which is not built yet: use level or memory"
    : "must be level or memory";
}

function fromFlags(flags: Readonly<Record<string, string>>, faults: string[]): Map<string, Given> {
  return known(flags, (name) => ({ name, origin: `--${name}` }), faults);
}

function fromEnvironment(env: Readonly<Record<string, string | undefined>>, faults: string[]): Map<string, Given> {
  const ours = Object.entries(env).filter(
    ([key, text]) =>
      text !== undefined && key.startsWith("PORTOLAN_") && !VARIABLES_OF_COMMANDS.has(key) && !SERVICE_LINK.test(key),
  );
  const nameOf = (key: string) => key.slice("PORTOLAN_".length).replaceAll("_", "-").toLowerCase();
  return known(Object.fromEntries(ours), (key) => ({ name: nameOf(key), origin: key }), faults);
}

function fromFile(file: string | undefined, faults: string[]): Map<string, Given> {
  if (file === undefined) return new Map();
  try {
    const content: unknown = readYaml(readFileSync(file, "utf8")) ?? {};
    if (typeof content === "object" && !Array.isArray(content)) {
      return known(content as object, (name) => ({ name, origin: `${file}: ${name}` }), faults);
    }
    faults.push(`${file} must be a list of "setting: value" lines`);
  } catch (error) {
    faults.push(`${file} cannot be read: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
  }
  return new Map();
}

/** What a file says. @throws Error at the first thing that is not plain YAML, also where it could be guessed what was meant. */
function readYaml(text: string): unknown {
  const document = parseDocument(text, { logLevel: "silent" });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault) throw fault;
  return document.toJS();
}

/** setting's name -> what was given for it; what is no setting becomes a fault. */
function known(
  entries: object,
  read: (key: string) => { readonly name: string; readonly origin: string },
  faults: string[],
): Map<string, Given> {
  const settings = Object.values<Setting>(SETTINGS);
  const given = new Map<string, Given>();
  for (const [key, value] of Object.entries(entries)) {
    const { name, origin } = read(key);
    const setting = settings.find((one) => one.name === name);
    if (setting && isScalar(value)) given.set(name, { text: String(value), origin });
    else if (setting) faults.push(`${origin} must be a single value`);
    else faults.push(`${origin} is no setting${suggestion(name, key, settings)}`);
  }
  return given;
}

function isScalar(value: unknown): boolean {
  return ["string", "number", "boolean", "bigint"].includes(typeof value);
}

function suggestion(name: string, key: string, settings: readonly Setting[]): string {
  const meant = nearest(
    name,
    settings.map((one) => one.name),
  );
  if (meant === undefined) return "";
  return `: did you mean ${key.startsWith("PORTOLAN_") ? variableOf({ name: meant }) : meant}?`;
}

/** Settings that are each right and not together. */
function contradictions(config: Config): string[] {
  if (config.insecure) return [];
  return [["grpc-address", config.grpcAddress] as const, ["http-address", config.httpAddress] as const].flatMap(
    ([name, address]) =>
      address && !isLoopback(address)
        ? [
            `${name} is reachable from other machines, and this server speaks plaintext: use 127.0.0.1, or allow it with insecure`,
          ]
        : [],
  );
}

/** True for an address that only this machine reaches. */
export function isLoopback({ host }: ListenAddress): boolean {
  if (isIP(host) === 4) return host.startsWith("127.");
  return host === "::1" || host === "localhost";
}
