import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** A session's id and the token that resumes it. */
export interface ResumeToken {
  readonly sessionId: string;
  /** `<session id>.<32 random bytes, base64url>`: for the client alone. */
  readonly token: string;
  /** SHA-256 of the token: what is stored. */
  readonly hash: Uint8Array;
}

const SESSION_ID_BYTES = 8;
const SECRET_BYTES = 32;

/** Makes a new session's id and token; neither can be guessed. */
export function createResumeToken(): ResumeToken {
  const sessionId = `s-${randomBytes(SESSION_ID_BYTES).toString("hex")}`;
  const token = `${sessionId}.${randomBytes(SECRET_BYTES).toString("base64url")}`;
  return { sessionId, token, hash: hashOf(token) };
}

/** The id of the session that a token speaks of; the empty string when it is no token. */
export function sessionIdOf(token: string): string {
  return token.slice(0, Math.max(0, token.indexOf(".")));
}

/** True when a token is the one that was hashed; takes as long for any wrong one. */
export function matchesToken(token: string, hash: Uint8Array): boolean {
  const own = hashOf(token);
  return own.length === hash.length && timingSafeEqual(own, hash);
}

function hashOf(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
