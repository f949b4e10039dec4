import { inProject } from "../../support/process/paths.js";
import { type Command, Program } from "../../support/process/program.js";
import { inTools } from "./paths.js";

/** The languages of examples/. */
export const LANGUAGES = ["typescript", "go", "python", "java"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Starts a language's greeter. */
export function startService(language: Language, plane: string, id: string): Program {
  return new Program(id, command(language, "service", ["--plane", plane, "--id", id]));
}

/** Starts a language's consumer of the greeters. */
export function startConsumer(language: Language, plane: string): Program {
  return new Program(`${language} consumer`, command(language, "consumer", ["--plane", plane, "--interval", "50"]));
}

function command(language: Language, program: "service" | "consumer", flags: readonly string[]): Command {
  switch (language) {
    case "typescript":
      return { file: process.execPath, args: [inProject(`examples/typescript/build/src/${program}.js`), ...flags] };
    case "go":
      return { file: inProject(`examples/go/build/${program}`), args: flags };
    case "python":
      return { file: inTools("python/bin/python"), args: [inProject(`examples/python/${program}.py`), ...flags] };
    case "java": {
      const target = inProject("examples/java/target");
      const main = program === "service" ? "portolan.examples.Service" : "portolan.examples.Consumer";
      return { file: "java", args: ["-cp", `${target}/classes:${target}/lib/*`, main, ...flags] };
    }
  }
}
