import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startDirectory } from "../../support/directory.js";
import { type Command, Program } from "../../support/process/program.js";

/** A disk of a few megabytes, seen by those alone who are launched on it; it and what is on it go with the test. */
export interface SmallDisk extends AsyncDisposable {
  /** Where it is, for programs launched by `launch`. */
  readonly path: string;
  /** The same place, for us. */
  readonly outside: string;
  /** A command that runs on the disk. */
  launch(command: Command): Command;
  /** Takes all the room there is. */
  fill(): Promise<void>;
  /** Gives the room back. */
  makeRoom(): Promise<void>;
}

/** Mounts one in a mount namespace of its own, which a sleeping process keeps; as another user than root by way of a user namespace. */
export async function startSmallDisk(megabytes: number): Promise<SmallDisk> {
  const directory = await startDirectory();
  const { path } = directory;
  const own = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const script = `mount -t tmpfs -o size=${megabytes}m tmpfs '${path}' && echo mounted && exec cat`;
  const keeper = new Program("small disk", { file: "unshare", args: [...own, "--mount", "sh", "-c", script] });
  await keeper.line("mounted");
  const outside = `/proc/${keeper.pid}/root${path}`;
  const enter = [
    "--target",
    `${keeper.pid}`,
    "--mount",
    ...(own.length > 0 ? ["--user", "--preserve-credentials"] : []),
  ];
  return {
    path,
    outside,
    launch: ({ file, args }) => ({ file: "nsenter", args: [...enter, file, ...args] }),
    async fill() {
      for (let n = 0; await filled(join(outside, `filler-${n}`)); n++);
    },
    async makeRoom() {
      for (const name of await readdir(outside)) if (name.startsWith("filler")) await rm(join(outside, name));
    },
    async [Symbol.asyncDispose]() {
      await keeper.kill("SIGKILL");
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Writes a file, large if there is room, small if not; false when there is none at all. */
async function filled(path: string): Promise<boolean> {
  for (const bytes of [1024 * 1024, 64 * 1024, 4 * 1024]) {
    try {
      await writeFile(path, Buffer.alloc(bytes));
      return true;
    } catch {
      await rm(path, { force: true });
    }
  }
  return false;
}
