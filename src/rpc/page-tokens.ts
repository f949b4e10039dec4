import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { type DescMethod, type Message, toBinary } from "@bufbuild/protobuf";
import { DomainError } from "../model/index.js";
import type { Clock } from "../stream/index.js";

/** Makes and opens the tokens with which listings go on. */
export interface PageTokens {
  /** A token that carries `payload` to the next request of the same listing. */
  seal(scope: PageScope, payload: string): string;
  /** @throws DomainError PAGE_TOKEN_INVALID when it is damaged or another listing's, PAGE_EXPIRED when it is too old. */
  open(scope: PageScope, token: string): string;
}

/** What a token is bound to: the method and its request, but for the page's size and token. */
export type PageScope = Uint8Array;

/** Options of page tokens. */
export interface PageTokensOptions {
  /** The store's secret. Replicas of one store open each other's tokens. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  /** How long a token lives, in milliseconds; default 300,000. */
  readonly ttlMs?: number;
}

/** Lifetime of a token unless set otherwise. */
export const DEFAULT_PAGE_TTL_MS = 300_000;

const PURPOSE = "portolan page token v1";
const MAC_BYTES = 32;
const EXPIRY_BYTES = 8;

/** The scope of a listing's request. */
export function pageScope(method: DescMethod, request: Message & { pageToken: string; pageSize: number }): PageScope {
  const listing = { ...request, pageToken: "", pageSize: 0 };
  const hash = createHash("sha256").update(`${method.parent.typeName}/${method.name}\0`);
  return hash.update(toBinary(method.input, listing)).digest();
}

/**
 * Signed tokens: base64url of HMAC-SHA256, expiry and payload.
 *
 * The payload can be read by whoever has the token; it cannot be changed or used for another request.
 */
export function createPageTokens({ secret, clock, ttlMs = DEFAULT_PAGE_TTL_MS }: PageTokensOptions): PageTokens {
  const key = createHmac("sha256", secret).update(PURPOSE).digest();
  const sign = (scope: PageScope, body: Uint8Array) => createHmac("sha256", key).update(scope).update(body).digest();
  return {
    seal(scope, payload) {
      const expiry = Buffer.alloc(EXPIRY_BYTES);
      expiry.writeBigUInt64BE(BigInt(Math.ceil(clock.wallMs() + ttlMs)));
      const body = Buffer.concat([expiry, Buffer.from(payload)]);
      return Buffer.concat([sign(scope, body), body]).toString("base64url");
    },
    open(scope, token) {
      const bytes = Buffer.from(token, "base64url");
      const body = bytes.subarray(MAC_BYTES);
      const isOurs = body.length >= EXPIRY_BYTES && timingSafeEqual(bytes.subarray(0, MAC_BYTES), sign(scope, body));
      // Base64 has several spellings of the same bytes; one is ours.
      if (!isOurs || bytes.toString("base64url") !== token) throw new DomainError({ reason: "PAGE_TOKEN_INVALID" });
      if (body.readBigUInt64BE() < BigInt(Math.floor(clock.wallMs())))
        throw new DomainError({ reason: "PAGE_EXPIRED" });
      return body.toString("utf8", EXPIRY_BYTES);
    },
  };
}
