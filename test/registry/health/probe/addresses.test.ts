import { expect, test } from "vitest";
import { parseProbeAddresses } from "../../../../src/registry/health/probe/addresses.js";

test.each([
  ["private", "10.1.2.3", true],
  ["private", "172.31.0.1", true],
  ["private", "172.32.0.1", false],
  ["private", "192.168.1.1", true],
  ["private", "100.64.0.1", true],
  ["private", "fd00::1", true],
  ["private", "127.0.0.1", false],
  ["private", "8.8.8.8", false],
  ["private", "169.254.169.254", false],
  ["private", "fe80::1", false],
  ["loopback", "127.0.0.9", true],
  ["loopback", "::1", true],
  ["loopback", "10.0.0.1", false],
  ["private,loopback", "::ffff:10.0.0.1", true],
  ["private", "::ffff:169.254.169.254", false],
  ["any", "169.254.169.254", true],
  ["any", "2001:db8::1", true],
  ["none", "10.0.0.1", false],
  ["203.0.113.0/24", "203.0.113.77", true],
  ["203.0.113.0/24 , 2001:db8::/32", "2001:db8::7", true],
  ["203.0.113.0/24", "203.0.114.1", false],
  ["any", "not an address", false],
  ["private", "0.0.0.0", false],
  ["private", "224.0.0.1", false],
  ["private", "ff02::1", false],
  ["private", "::ffff:a00:1", true],
  ["private", "::ffff:a9fe:a9fe", false],
  ["::/0", "2001:db8::1", true],
  ["::/0", "127.0.0.1", false],
  ["::/0", "169.254.169.254", false],
  ["::/0", "::ffff:7f00:1", false],
  ["0.0.0.0/0", "::ffff:7f00:1", true],
  ["0.0.0.0/0", "::1", false],
])("%s allows %s: %s", (text, ip, allowed) => {
  expect(parseProbeAddresses(text)?.allows(ip)).toBe(allowed);
});

test.each(["", "privat", "10.0.0.0/33", "10.0.0.0", "10.0.0/8", "::/129", "private,,any", "10.0.0.0/8/9", "10.0.0.0/"])(
  "%j is no setting",
  (text) => {
    expect(parseProbeAddresses(text)).toBeUndefined();
  },
);
