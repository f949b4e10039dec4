import { isIP } from "node:net";
import * as z from "zod";

const MAX_HOST_LENGTH = 253;
const HOST_NAME =
  /^(?:[A-Za-z0-9_](?:[-A-Za-z0-9_]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_](?:[-A-Za-z0-9_]{0,61}[A-Za-z0-9_])?\.?$/;
const ENDS_IN_NUMBER = /(?:^|\.)[0-9]+\.?$/;

/** Where an endpoint listens: an IP literal (IPv6 without brackets or zone) or a DNS name. */
export const host: z.ZodType = z.string().refine(isHost, {
  error: `must be an IPv4 or IPv6 address (without brackets) or a DNS name of at most ${MAX_HOST_LENGTH} characters`,
});

function isHost(value: string): boolean {
  if (isIP(value) !== 0) return !value.includes("%");
  // What ends in a number was meant as an address: 10.0.0.256 is a wrong one, not a name.
  return value.length <= MAX_HOST_LENGTH && HOST_NAME.test(value) && !ENDS_IN_NUMBER.test(value);
}
