import { BlockList, isIP } from "node:net";

/** Word of the setting -> the ranges that it means. Link-local addresses, where clouds keep credentials, are in neither. */
const RANGES: ReadonlyMap<string, readonly string[]> = new Map([
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]],
  ["loopback", ["127.0.0.0/8", "::1/128"]],
  ["any", ["0.0.0.0/0", "::/0"]],
  ["none", []],
]);

/** Which addresses may be probed, so that nobody scans a network through the plane. */
export interface ProbeAddresses {
  /** Whether an IP literal may be probed. An IPv4 address within IPv6, however it is written, is judged as IPv4. */
  allows(ip: string): boolean;
}

/**
 * Reads `private`, `loopback`, `any`, `none` and ranges such as 203.0.113.0/24, with commas between them.
 *
 * @returns undefined for anything else.
 */
export function parseProbeAddresses(text: string): ProbeAddresses | undefined {
  const ranges = new Ranges();
  for (const word of text.split(",").map((part) => part.trim())) {
    const named = RANGES.get(word) ?? [word];
    if (!named.every((range) => ranges.add(range))) return undefined;
  }
  return ranges;
}

/** A list takes an IPv4 address for one of the mapped range of IPv6: so each family has its own, and ::/0 is not everything. */
class Ranges implements ProbeAddresses {
  readonly #ipv4 = new BlockList();
  readonly #ipv6 = new BlockList();
  /** The IPv4 addresses within IPv6. */
  readonly #mapped = new BlockList();

  constructor() {
    this.#mapped.addSubnet("::ffff:0:0", 96, "ipv6");
  }

  /** False for what is no range. */
  add(range: string): boolean {
    const [, base = "", bits = ""] = /^([^/%]+)\/(\d{1,3})$/.exec(range) ?? [];
    const version = isIP(base);
    if (version === 0 || Number(bits) > (version === 4 ? 32 : 128)) return false;
    if (version === 4) this.#ipv4.addSubnet(base, Number(bits), "ipv4");
    else this.#ipv6.addSubnet(base, Number(bits), "ipv6");
    return true;
  }

  allows(ip: string): boolean {
    const version = isIP(ip);
    if (version === 0) return false;
    if (version === 4) return this.#ipv4.check(ip, "ipv4");
    return this.#mapped.check(ip, "ipv6") ? this.#ipv4.check(ip, "ipv6") : this.#ipv6.check(ip, "ipv6");
  }
}
