import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inProject } from "../support/process/paths.js";
import { Plane } from "../support/process/plane.js";
import { type Command, run } from "../support/process/program.js";
import { startService } from "./support/examples.js";
import { inTools } from "./support/paths.js";

const JAVA = inProject("examples/java/target");

/** language -> its consumer that knows nothing of the plane. */
const CONSUMERS: Readonly<Record<string, Command>> = {
  go: { file: inProject("examples/go/build/xds-consumer"), args: ["--interval", "50ms"] },
  python: {
    file: inTools("python/bin/python"),
    args: [inProject("examples/python/xds_consumer.py"), "--interval", "0.05"],
  },
  java: {
    file: "java",
    args: ["-cp", `${JAVA}/classes:${JAVA}/lib/*`, "portolan.examples.XdsConsumer", "--interval", "50"],
  },
  node: { file: process.execPath, args: [inProject("examples/node-xds/consumer.mjs"), "--interval", "50"] },
};

test("the examples' consumers find the greeters over xDS, with the bootstrap that the command line prints", async () => {
  const directory = await mkdtemp(join(tmpdir(), "portolan-xds-"));
  await using plane = await Plane.start();
  await using first = startService("go", plane.grpc, "go-1");
  await using second = startService("python", plane.grpc, "python-1");
  for (const service of [first, second]) await service.line(/^registered /);
  const bootstrap = join(directory, "xds.json");
  const portolan = [inProject("dist/bin/main.js"), "xds", "bootstrap", "--server", plane.grpc];
  await writeFile(bootstrap, (await run({ file: process.execPath, args: portolan })).output);
  const env = { GRPC_XDS_BOOTSTRAP: bootstrap };
  const called = await Promise.all(
    Object.entries(CONSUMERS).map(async ([language, { file, args }]) => {
      const { output } = await run({ file, args: [...args, "--calls", "30"], env });
      return [
        language,
        [...new Set([...output.matchAll(/from (\S+) \(/g)].map(([, id]) => id))].sort(),
        output.includes("failed"),
      ];
    }),
  );
  await rm(directory, { recursive: true });
  expect(called).toEqual(Object.keys(CONSUMERS).map((language) => [language, ["go-1", "python-1"], false]));
});
