import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Level } from "level";
import { expect, test } from "vitest";
import { crc32c } from "../../../../src/store/level/tables/crc32c.js";
import { unsnappy } from "../../../../src/store/level/tables/snappy.js";
import { checkTable } from "../../../../src/store/level/tables/table-check.js";
import { startDirectory } from "../../../support/directory.js";

/** A table as LevelDB writes it. @param compression its index is compressed, too, when it pays. */
async function tableOf(count: number, compression: boolean): Promise<Buffer> {
  await using directory = await startDirectory();
  for (let opening = 0; opening < 2; opening++) {
    const level = new Level<string, string>(directory.path, { compression });
    await level.open();
    const key = (index: number) => `instance/of/a/long/name/${String(index).padStart(6, "0")}`;
    if (opening === 0) for (let index = 0; index < count; index++) await level.put(key(index), `${index}`.repeat(40));
    await level.close();
  }
  const [name = ""] = (await readdir(directory.path)).filter((found) => found.endsWith(".ldb"));
  return readFile(join(directory.path, name));
}

test.each([
  [3, true],
  [3, false],
  [3_000, true],
  [3_000, false],
])("a table of %i records as LevelDB writes it is whole (compressed: %s)", async (count, compression) => {
  const table = await tableOf(count, compression);
  expect(() => checkTable(table)).not.toThrow();
});

test("no byte of a table can change unnoticed, and none can be missing", async () => {
  const table = await tableOf(30, true);
  const unused = paddingOf(table);
  for (let at = 0; at < table.length; at++) {
    if (at >= unused.from && at < unused.end) continue;
    const damaged = Buffer.from(table);
    damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (at % 7)), at); // the eighth bit may only lengthen a number
    expect(() => checkTable(damaged), `byte ${at}`).toThrow(RangeError);
    expect(() => checkTable(table.subarray(0, at)), `the first ${at} bytes`).toThrow(RangeError);
  }
});

test("the checksum is CRC-32C", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array())).toBe(0);
});

test("snappy's literals and copies of every width are read", () => {
  const literal = [0x08, 0x61, 0x62, 0x63];
  expect(textOf([6, ...literal, 0x02 | (2 << 2), 3, 0])).toBe("abcabc");
  expect(textOf([7, ...literal, 0x01, 3])).toBe("abcabca");
  expect(textOf([6, ...literal, 0x03 | (2 << 2), 3, 0, 0, 0])).toBe("abcabc");
  expect(textOf([3, 60 << 2, 2, 0x61, 0x62, 0x63])).toBe("abc");
});

test.each([
  ["a copy from before the beginning", [6, 0x08, 0x61, 0x62, 0x63, 0x01, 9]],
  ["more than was said", [2, 0x08, 0x61, 0x62, 0x63]],
  ["less than was said", [9, 0x08, 0x61, 0x62, 0x63]],
  ["a length that cannot be", [0xff, 0xff, 0xff, 0xff, 0x0f, 0x08, 0x61]],
  ["a number without an end", [0xff]],
])("what is not snappy's is refused: %s", (_, bytes) => {
  expect(() => unsnappy(Uint8Array.from(bytes))).toThrow(RangeError);
});

function textOf(bytes: readonly number[]): string {
  return new TextDecoder().decode(unsnappy(Uint8Array.from(bytes)));
}

/** Bytes of the footer that mean nothing: between its two handles and the magic number. */
function paddingOf(table: Buffer): { from: number; end: number } {
  const start = table.length - 48;
  let from = start;
  for (let numbers = 0; numbers < 4; from++) if (table.readUInt8(from) < 0x80) numbers++;
  return { from, end: table.length - 8 };
}
