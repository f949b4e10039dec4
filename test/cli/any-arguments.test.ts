import { InvalidArgumentError } from "commander";
import fc from "fast-check";
import { expect, test } from "vitest";
import { durationOf, parseDuration } from "../../src/cli/duration.js";
import {
  parseCount,
  parseEndpoint,
  parseHealth,
  parseLabel,
  parseLocality,
  parseRevision,
} from "../../src/cli/parse.js";
import { parseServer } from "../../src/cli/plane.js";
import { anyText } from "../support/any-text.js";
import { FakeIo } from "./fake-io.js";

/** Parser of an option -> what must hold for whatever it accepts. */
const PARSERS: readonly (readonly [string, (text: string) => void])[] = [
  ["a duration", (text) => expect(durationOf(parseDuration(text)).seconds).toBeGreaterThanOrEqual(0n)],
  ["an endpoint", (text) => expect(parseEndpoint(text)[0]).toMatchObject({ host: expect.stringMatching(/./) })],
  ["a label", (text) => expect(Object.keys(parseLabel(text))).toHaveLength(1)],
  ["a locality", (text) => expect(parseLocality(text).region).not.toBe("")],
  ["a health", (text) => expect(parseHealth(text)).toBeGreaterThan(0)],
  ["a count", (text) => expect(parseCount(1, 10)(text)).toBeLessThanOrEqual(10)],
  ["a revision", (text) => expect(parseRevision(text)).toBeGreaterThanOrEqual(0n)],
  ["a server", (text) => expect(parseServer(text).hostname).not.toBe("")],
];

test.each(PARSERS)("%s is read from any text, or refused in words", (_, accept) => {
  fc.assert(
    fc.property(anyText, (text) => {
      try {
        accept(text);
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
      }
    }),
    { numRuns: 1_000 },
  );
});

test("an endpoint's scheme is one that there is", () => {
  for (const scheme of ["constructor", "toString", "valueOf", "ftp"]) {
    expect(() => parseEndpoint(`${scheme.toLowerCase()}://h:1`)).toThrow(/is not an endpoint/);
  }
});

const COMMANDS = ["deregister", "resolve", "services", "instances", "status", "logs", "compact", "watch", "nothing"];
const OPTIONS = [
  ...["--server", "--timeout", "-n", "--namespace", "-o", "--output", "--drain", "--filter", "--limit", "--since"],
  ...[
    "--severity",
    "--instance",
    "--contains",
    "--trace-id",
    "--endpoint-name",
    "--locality",
    "--window",
    "--consumer",
  ],
  ...["--include-unhealthy", "--wait-revision", "--before", "--keep", "--nothing", "-x", "--help"],
];

test("any command line ends with one line on stderr at most, and without a stack", async () => {
  const words = fc.array(fc.oneof(fc.constantFrom(...OPTIONS), anyText), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...COMMANDS), words, async (command, rest) => {
      const io = new FakeIo({ env: { PORTOLAN_SERVER: "127.0.0.1:1" } });
      const running = io.run(command, ...rest.filter((word) => word !== "--server"), "--timeout", "1s");
      // A watch waits for its server for ever.
      const stop = setInterval(() => io.send("SIGINT"), 20);
      await running;
      clearInterval(stop);
      expect(io.stderr.text).not.toMatch(/^ +at |\.js:\d|node_modules/m);
      if (io.exitCode !== 0) expect(io.stderr.text).toMatch(/^portolan: |^the connection|^no portolan/);
      const limit = command === "watch" ? 50 : 1;
      expect(io.stderr.text.trimEnd().split("\n").length).toBeLessThanOrEqual(limit);
    }),
    { numRuns: 150 },
  );
}, 60_000);
