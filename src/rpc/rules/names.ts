import * as z from "zod";
import { DNS_LABEL, DNS_LABEL_RULE as LABEL_RULE } from "../../model/index.js";

const INSTANCE_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const EMPTY_OR_INSTANCE_ID = /^[A-Za-z0-9._:-]{0,128}$/;
const FULL_NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const MAX_FULL_NAME_LENGTH = 255;

const text = (pattern: RegExp, error: string): z.ZodType => z.string().regex(pattern, { error });

/** A name that must be there. */
export const name = text(new RegExp(`^${DNS_LABEL}$`), LABEL_RULE);
/** A name that may be left out. */
export const nameOrEmpty = text(new RegExp(`^(?:${DNS_LABEL})?$`), `${LABEL_RULE}; or empty`);
/** A name, or "*" for all. */
export const nameOrStar = text(new RegExp(`^(?:\\*|${DNS_LABEL})$`), `${LABEL_RULE}; or *`);
/** A namespace; empty means "default". */
export const namespace = nameOrEmpty;
/** A namespace, or "*" for all; empty means "default". */
export const namespaceOrStar = text(
  new RegExp(`^(?:\\*|${DNS_LABEL})?$`),
  `${LABEL_RULE}; or * for all, or empty for default`,
);
/** An instance's id. */
export const instanceId = text(INSTANCE_ID, "must be 1 to 128 of A to Z, a to z, 0 to 9 and . _ : -");
/** An instance's id, or empty. */
export const instanceIdOrEmpty = text(
  EMPTY_OR_INSTANCE_ID,
  "must be at most 128 of A to Z, a to z, 0 to 9 and . _ : -",
);
/** A fully qualified protobuf name. */
export const fullName = z.string().refine((value) => value.length <= MAX_FULL_NAME_LENGTH && FULL_NAME.test(value), {
  error: `must be a fully qualified protobuf name of at most ${MAX_FULL_NAME_LENGTH} characters, such as acme.checkout.v1.CheckoutService`,
});
