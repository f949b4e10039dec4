import pc from "picocolors";
import type { CliIo } from "./io.js";

/** Colours, or functions that leave a text as it is. */
export type Palette = ReturnType<typeof pc.createColors>;

/** Colours only on a terminal that shows them, and never against NO_COLOR. */
export function createPalette(io: Pick<CliIo, "env" | "isTTY">): Palette {
  return pc.createColors(io.isTTY && !io.env.NO_COLOR && io.env.TERM !== "dumb");
}
