import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A process of the built program. */
export interface Running {
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Resolves when its output, both streams together, matches; rejects when it ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program, built for a test. */
export interface Built extends AsyncDisposable {
  run(words: readonly string[], options?: { readonly env?: Record<string, string>; readonly cwd?: string }): Running;
}

/** Compiles the program below dist/, so that it finds its packages as the real one does. */
export async function buildProgram(): Promise<Built> {
  await mkdir(join(ROOT, "dist"), { recursive: true });
  const folder = await mkdtemp(join(ROOT, "dist", "test-main-"));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  // It writes what it can; type errors are the business of `npm run check`.
  await promisify(execFile)(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", folder], {
    cwd: ROOT,
  }).catch(() => {});
  const started = new Set<Running>();
  return {
    run(words, options = {}) {
      const running = start([join(folder, "src/main.js"), ...words], options);
      started.add(running);
      return running;
    },
    async [Symbol.asyncDispose]() {
      for (const running of started) running.kill("SIGKILL");
      await Promise.all([...started].map(({ ended }) => ended));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function start(args: string[], options: { readonly env?: Record<string, string>; readonly cwd?: string }): Running {
  const child = spawn(process.execPath, args, { ...options, env: options.env ?? {} });
  const text = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (part: string) => {
      text[name] += part;
      for (const listener of listeners) listener();
    });
  }
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  return {
    kill: (signal) => void child.kill(signal),
    ended,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(text.stdout + text.stderr);
          if (match) resolve(match);
        };
        listeners.add(look);
        look();
        void ended.then((code) => reject(new Error(`it ended with ${code}: ${text.stdout}${text.stderr}`)));
      }),
    get stdout() {
      return text.stdout;
    },
    get stderr() {
      return text.stderr;
    },
  };
}
