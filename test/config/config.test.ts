import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  ConfigError,
  type ConfigSources,
  loadConfig,
  SETTINGS,
  type Setting,
  settingsTable,
} from "../../src/config.js";
import type { LimitName } from "../../src/model/index.js";

/** Loads without the environment of whoever runs the tests. */
function load(sources: ConfigSources = {}) {
  return loadConfig({ env: {}, ...sources });
}

function faultsOf(sources: ConfigSources): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

/** A directory of a test's own, with a settings file in it. */
async function settingsFile(text: string) {
  const dir = await mkdtemp(join(tmpdir(), "portolan-config-"));
  const file = join(dir, "portolan.yaml");
  await writeFile(file, text);
  return { file, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
}

test("without any setting the defaults hold", () => {
  expect(load()).toMatchObject({
    grpcAddress: { host: "127.0.0.1", port: 7070 },
    httpAddress: { host: "127.0.0.1", port: 7080 },
    dataDir: "./.portolan",
    store: "level",
    maxMessageBytes: 4 * 1024 * 1024,
    keepaliveTimeMs: 20_000,
    keepaliveTimeoutMs: 10_000,
    maxConnectionAgeMs: undefined,
    historyMaxAgeMs: 3_600_000,
    historyMaxRevisions: 1_000_000,
  });
});

/** Every limit that a refusal can name; the compiler asks for all of them. */
const LIMITS: Readonly<Record<LimitName, true>> = {
  "max-sessions": true,
  "max-instances-per-session": true,
  "max-pending-commits": true,
  "max-pending-bytes": true,
  "telemetry-max-readers": true,
  "xds-max-names": true,
};

test.each(Object.keys(LIMITS))("the limit %s that a refusal names is a setting", (limit) => {
  expect(Object.values<Setting>(SETTINGS).map(({ name }) => name)).toContain(limit);
});

test("flags beat variables, and variables beat the file", async () => {
  await using written = await settingsFile("max-sessions: 1\nmax-connections: 1\nwatch-max-targets: 1\n");
  const config = load({
    file: written.file,
    env: { PORTOLAN_MAX_SESSIONS: "2", PORTOLAN_MAX_CONNECTIONS: "2" },
    flags: { "max-sessions": "3" },
  });
  expect([config.maxSessions, config.maxConnections, config.watchMaxTargets]).toEqual([3, 2, 1]);
});

test("the file may be named by a variable, and may hold numbers and booleans", async () => {
  await using written = await settingsFile("insecure: true\nmax-sessions: 7\n");
  expect(load({ env: { PORTOLAN_CONFIG: written.file } })).toMatchObject({ insecure: true, maxSessions: 7 });
});

test("an empty file sets nothing", async () => {
  await using written = await settingsFile("# nothing yet\n");
  expect(load({ file: written.file })).toEqual(load());
});

describe("faults", () => {
  test("are all told at once, each with the setting as it was spelled", async () => {
    await using written = await settingsFile("max-sesions: 1\nlog-level: loud\n");
    const faults = faultsOf({
      file: written.file,
      env: { PORTOLAN_GRPC_ADRESS: "x", PORTOLAN_KEEPALIVE_TIME: "never" },
      flags: { "max-connections": "-1" },
    });
    expect(faults).toEqual(
      [
        `${written.file}: max-sesions is no setting: did you mean max-sessions?`,
        "PORTOLAN_GRPC_ADRESS is no setting: did you mean PORTOLAN_GRPC_ADDRESS?",
        "--max-connections must be a whole number from 1 to 1,000,000",
        "PORTOLAN_KEEPALIVE_TIME must be a time from 1s to 24h",
        `${written.file}: log-level must be one of debug, info, warn, error, silent`,
      ].sort(sameOrderAs(faults)),
    );
  });

  test.each([
    [
      "a store that is not built",
      { store: "etcd://127.0.0.1:2379" },
      "--store names etcd, which is not built yet: use level or memory",
    ],
    ["an unknown store", { store: "redis" }, "--store must be level or memory"],
    [
      "an address without a port",
      { "grpc-address": "127.0.0.1" },
      "--grpc-address must be host:port, such as 127.0.0.1:7070 or [::1]:7070",
    ],
    [
      "a port above 65,535",
      { "grpc-address": "127.0.0.1:70000" },
      "--grpc-address must be host:port, such as 127.0.0.1:7070 or [::1]:7070",
    ],
    [
      "an IPv6 address without brackets",
      { "grpc-address": "::1:7070" },
      "--grpc-address must be host:port, such as 127.0.0.1:7070 or [::1]:7070",
    ],
    [
      "a size beyond its range",
      { "max-message-bytes": "1GiB" },
      "--max-message-bytes must be a size from 64KiB to 64MiB, such as 4MiB",
    ],
    ["a time without a unit", { "keepalive-time": "20" }, "--keepalive-time must be a time from 1s to 24h"],
    [
      "neither a time nor off",
      { "max-connection-age": "x" },
      "--max-connection-age must be a time from 1s to 24d, or off",
    ],
    ["an empty directory name", { "data-dir": "" }, "--data-dir must be a directory"],
    ["something near true", { insecure: "yes" }, "--insecure must be true or false"],
  ])("%s", (_, flags, fault) => {
    expect(faultsOf({ flags })).toEqual([fault]);
  });

  test("a file that is not there", () => {
    expect(faultsOf({ file: "/nowhere/portolan.yaml" })).toEqual([
      expect.stringMatching(/^\/nowhere\/portolan.yaml cannot be read: ENOENT/),
    ]);
  });

  test.each([
    ["a list", "- grpc-address\n", "must be a list of"],
    ["no YAML", "a: [\n", "cannot be read"],
    ["YAML with a tag that nobody knows", "store: !x level\n", "cannot be read: Unresolved tag: !x"],
    ["a setting with several values", "store: [level]\n", "store must be a single value"],
  ])("a file that is %s", async (_, text, fault) => {
    await using written = await settingsFile(text);
    expect(faultsOf({ file: written.file })).toEqual([expect.stringContaining(fault)]);
  });
});

describe("plaintext", () => {
  test.each(["0.0.0.0:7070", "[::]:7070", "10.0.0.1:7070", "example.com:7070"])("on %s needs insecure", (address) => {
    expect(faultsOf({ flags: { "grpc-address": address } })).toEqual([expect.stringContaining("insecure")]);
    expect(load({ flags: { "grpc-address": address, insecure: "true" } }).insecure).toBe(true);
  });

  test.each(["127.0.0.1:0", "127.8.8.8:1", "[::1]:7070", "localhost:7070"])("on %s needs nothing", (address) => {
    expect(faultsOf({ flags: { "grpc-address": address, "http-address": address } })).toEqual([]);
  });
});

test.each([
  ["PORTOLAN_SERVER", "127.0.0.1:7070"],
  ["PORTOLAN_SERVICE_HOST", "10.0.0.1"],
  ["PORTOLAN_SERVICE_PORT", "7070"],
  ["PORTOLAN_SERVICE_PORT_GRPC", "7070"],
  ["PORTOLAN_PORT", "tcp://10.0.0.1:7070"],
  ["PORTOLAN_PORT_7070_TCP", "tcp://10.0.0.1:7070"],
  ["PORTOLAN_PORT_7070_TCP_ADDR", "10.0.0.1"],
])("%s is no mistake of the operator's", (name, value) => {
  expect(faultsOf({ env: { [name]: value } })).toEqual([]);
});

test.each([
  ["1h30m", 5_400_000],
  ["1.5s", 1_500],
  ["24h", 86_400_000],
])("%s is a time", (text, ms) => {
  expect(load({ flags: { "keepalive-time": text } }).keepaliveTimeMs).toBe(ms);
});

test.each([
  ["65536", 65_536],
  ["1MiB", 1_048_576],
  ["1.5MiB", 1_572_864],
])("%s is a size", (text, size) => {
  expect(load({ flags: { "max-message-bytes": text } }).maxMessageBytes).toBe(size);
});

test("http-address may be off", () => {
  expect(load({ flags: { "http-address": "off" } }).httpAddress).toBeUndefined();
});

test.each(Object.values<Setting>(SETTINGS))("the default of $name lies within its own range", (setting) => {
  expect(setting.kind.schema.safeParse(setting.default).success).toBe(true);
});

test("docs/settings.md shows every setting as it is", async () => {
  const page = [
    "# Settings",
    "",
    "Every setting is a flag of `portolan serve`, an environment variable, and a key of the YAML file that `--config` or",
    "`PORTOLAN_CONFIG` names (the flag without its dashes). Flags beat variables, variables beat the file. A setting that is",
    "not in this table is an error. Times are written `30s`, `5m`, `1h30m`, `7d`; sizes `64KiB`, `4MiB`, `1GiB`.",
    "",
    settingsTable(),
    "",
  ].join("\n");
  await expect(page).toMatchFileSnapshot("../../docs/settings.md");
});

/** The faults come in the order of the settings; what matters is that all are there. */
function sameOrderAs(order: readonly string[]) {
  return (a: string, b: string) => order.indexOf(a) - order.indexOf(b);
}
