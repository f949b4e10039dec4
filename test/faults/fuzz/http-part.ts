import { type DescMethod, toJsonString } from "@bufbuild/protobuf";
import fc from "fast-check";
import { frame } from "../../support/raw-grpc.js";
import { anyBytes, anyFrames } from "./bytes.js";
import { mayStreamForEver, PATIENCE_MS } from "./call.js";
import type { Subject } from "./explore.js";
import { tellsOfTheInside } from "./judge.js";
import { goodRequest, pathOf } from "./methods.js";

/** One POST to the HTTP port. */
interface Posted {
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** So long a stream that may go on for ever is read. */
const LISTEN_MS = 60;

/** What the HTTP port may answer: success, what Connect makes of the codes of the contract, and what it refuses by itself. */
const STATUSES = new Set([200, 400, 404, 405, 408, 409, 412, 415, 429, 431, 499, 500, 501, 503, 504, 505]);

/** The HTTP port: whatever is posted, it is answered, and not with an error of the server's own. */
export function httpSubject(method: DescMethod, baseUrl: string): Subject<Posted> {
  return {
    name: `${pathOf(method)}, posted anything,`,
    any: anyPost(method),
    async check({ type, headers, body }) {
      const url = `${baseUrl}/${pathOf(method)}`;
      const signal = AbortSignal.timeout(mayStreamForEver(method) ? LISTEN_MS : PATIENCE_MS);
      const sent = { method: "POST", headers: { ...headers, "content-type": type }, body, signal };
      try {
        const response = await fetch(url, sent);
        judge(response.status, Buffer.from(await response.arrayBuffer()).toString("latin1"));
      } catch (error) {
        const ranOut = error instanceof DOMException && error.name === "TimeoutError" && mayStreamForEver(method);
        if (!ranOut) throw error;
      }
    },
  };
}

/** A failure of the server's own has an incident; Connect calls bytes "internal" too, before a method is asked for them. */
function judge(status: number, text: string): void {
  const said = `${status} ${text.slice(0, 500)}`;
  if (!STATUSES.has(status)) throw new Error(`it answers ${said}`);
  if (/report incident|"code":\s*"(?:unknown|data_loss)"|grpc-status: ?(?:2|15)\b/.test(text))
    throw new Error(`it fails: ${said}`);
  if (status === 500 && !/"code":\s*"internal"/.test(text)) throw new Error(`it breaks: ${said}`);
  const [, message = ""] = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(text) ?? [];
  // What it quotes is the client's own.
  if (/"code":/.test(text) && tellsOfTheInside(message.replaceAll(/\\".*\\"/g, "")))
    throw new Error(`it tells of the inside: ${said}`);
}

const TYPES = {
  message: ["application/proto", "application/json", "application/json; charset=utf-8"],
  framed: ["application/connect+proto", "application/grpc-web+proto", "application/grpc-web", "application/grpc"],
  framedJson: ["application/connect+json", "application/grpc-web+json"],
  odd: ["text/plain", "application/json+x", "application/x-www-form-urlencoded", "application/grpc-web-text"],
} as const;

function anyPost(method: DescMethod): fc.Arbitrary<Posted> {
  const bytes = anyBytes(method);
  const json = anyJson(method);
  const frames = anyFrames(bytes);
  const framedJson = anyFrames(json);
  const posts = [
    fc.tuple(fc.constantFrom(...TYPES.message.slice(1)), json),
    fc.tuple(fc.constantFrom(...TYPES.message), bytes),
    fc.tuple(fc.constantFrom(...TYPES.framed), frames),
    fc.tuple(fc.constantFrom(...TYPES.framedJson), framedJson),
    fc.tuple(
      fc.constantFrom(...TYPES.odd),
      fc.oneof(
        bytes,
        json,
        json.map((text) => frame(text)),
      ),
    ),
  ];
  return fc.tuple(fc.oneof(...posts), oddHeaders).map(([[type, body], headers]) => ({ type, body, headers }));
}

const oddHeaders = fc.oneof(
  { arbitrary: fc.constant({}), weight: 5 },
  {
    arbitrary: fc.constantFrom<Record<string, string>>(
      { "content-encoding": "gzip" },
      { "content-encoding": "snappy" },
      { "connect-content-encoding": "gzip" },
      { "grpc-encoding": "snappy" },
      { "connect-timeout-ms": "-1" },
      { "connect-timeout-ms": "99999999999" },
      { "connect-timeout-ms": "x" },
      { "connect-protocol-version": "2" },
      { "grpc-timeout": "1x" },
    ),
    weight: 1,
  },
);

const oddValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    "1e400",
    "-0",
    "9223372036854775808",
    "NaN",
    "Infinity",
    "\ud800",
    "1s",
    "-1.5s",
    "2024-13-01T00:00:00Z",
  ),
  fc.nat({ max: 2_000 }).map(deep),
);

/** Arrays in arrays: what recursion stumbles over. */
function deep(levels: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

/** JSON that is a request but for one value or name, or any JSON, or hardly JSON. */
function anyJson(method: DescMethod): fc.Arbitrary<Buffer> {
  const good = toJsonString(method.input, goodRequest(method));
  const names = method.input.fields.map(({ jsonName }) => jsonName);
  const changed = fc
    .tuple(fc.constantFrom(...names, "unknown_field", "__proto__", "constructor"), oddValue)
    .map(
      ([name, value]) =>
        `${good.slice(0, -1)}${good.length > 2 ? "," : ""}${JSON.stringify(name)}:${JSON.stringify(value)}}`,
    );
  const damaged = fc.tuple(fc.nat(), fc.string({ maxLength: 3 })).map(([place, inserted]) => {
    const at = place % good.length;
    return good.slice(0, at) + inserted + good.slice(at + 1);
  });
  const any = fc.oneof(
    fc.constant(good),
    changed,
    changed,
    damaged,
    oddValue.map((value) => JSON.stringify(value)),
  );
  return any.map((text) => Buffer.from(text));
}
