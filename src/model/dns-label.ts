/** The pattern of a DNS label, for regular expressions: what services, namespaces and endpoints may be called. */
export const DNS_LABEL = "[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?";

/** The same for people. */
export const DNS_LABEL_RULE =
  "must be a DNS label: a to z first, then up to 62 of a to z, 0 to 9 and -, the last not -";
