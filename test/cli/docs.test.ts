import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { EXIT } from "../../src/cli/index.js";
import { FakeIo } from "./fake-io.js";

const page = await readFile(new URL("../../docs/cli.md", import.meta.url), "utf8");

test("the page of the command line explains every exit code", () => {
  const explained = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  expect(explained).toEqual(Object.values(EXIT));
});

test("the page of the command line has every command and every option of each", async () => {
  const program = new FakeIo();
  await program.run("--help");
  const commands = [...program.stdout.text.matchAll(/^ {2}(\w+) \[options\]/gm)].map(([, name]) => String(name));
  expect(commands).toHaveLength(14);
  for (const command of [...commands, "xds clients", "xds resources", "xds bootstrap"]) {
    expect(page).toMatch(new RegExp(`^## .*\\b${command}\\b`, "m"));
    const help = new FakeIo();
    await help.run(...command.split(" "), "--help");
    const options = [...help.stdout.text.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => String(name));
    expect(options.filter((option) => option !== "--help" && !page.includes(option))).toEqual([]);
  }
});
