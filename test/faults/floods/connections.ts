import { BareConnection } from "../support/frames.js";
import { until } from "../support/waiting.js";

/** As many connections as are asked for; answers those that stand when all were tried. */
export async function connectionFlood(port: number, count: number, allowed: number): Promise<string> {
  const all: BareConnection[] = [];
  for (let n = 0; n < count; n++) {
    all.push(new BareConnection(port).greet());
    if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  try {
    const standing = () => all.filter(({ open, heard }) => open && heard > 0).length;
    const decided = () => all.every(({ open, heard }) => !open || heard > 0);
    await until("each connection is served or closed", decided, 10_000);
    if (standing() > allowed) throw new Error(`${standing()} connections stand, ${allowed} are allowed`);
    if (standing() < allowed * 0.9)
      throw new Error(`only ${standing()} connections stand of ${allowed} that are allowed`);
    return `${count} connections, ${standing()} served, the others closed`;
  } finally {
    for (const connection of all) connection[Symbol.dispose]();
  }
}
