import { destination, type Logger, pino } from "pino";
import pretty from "pino-pretty";

/** How the program logs. */
export interface LoggerOptions {
  /** Default "info". */
  readonly level?: string;
  /** JSON a line each, or lines for people. */
  readonly format: "json" | "pretty";
  /** Where to; default: standard output, written at once so that the last lines of a crash are there. */
  readonly output?: NodeJS.WritableStream;
}

/** Keys whose values never reach a log, wherever they stand in an object of up to three levels. */
const SECRET_KEYS = ["resumeToken", "resume_token", "pageToken", "page_token", "authorization", "password", "secret"];

/** error = a promise broken, warn = it may be soon, info = lifecycle, debug = per request. */
export function createLogger({ level = "info", format, output }: LoggerOptions): Logger {
  const paths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  const options = { level, redact: { paths, censor: "[redacted]" } };
  if (format === "json") return pino(options, output ?? destination({ dest: 1, sync: true }));
  return pino(
    options,
    pretty({ sync: true, ignore: "pid,hostname", translateTime: "HH:MM:ss.l", ...(output && { destination: output }) }),
  );
}
