import { expect, test } from "vitest";
import { openFilesLimit } from "../../src/app/open-files.js";

test("the limit of open files is the soft one, and unknown where the system does not tell", () => {
  const limits =
    "Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 4096                 files\n";
  expect(openFilesLimit(() => limits)).toBe(1_024);
  expect(openFilesLimit(() => limits.replace("1024", "unlimited"))).toBeUndefined();
  expect(
    openFilesLimit(() => {
      throw new Error("ENOENT");
    }),
  ).toBeUndefined();
});
