// npm links bin files as they are: the compiler's output must be made executable.
import { chmodSync } from "node:fs";

chmodSync(new URL("../dist/src/main.js", import.meta.url), 0o755);
