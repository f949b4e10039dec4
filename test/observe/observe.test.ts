import { PassThrough } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createLogger, createMetrics, Health } from "../../src/observe/index.js";

/** What was written so far. */
function sink() {
  const output = new PassThrough();
  return { output, text: () => String(output.read() ?? "") };
}

describe("a log", () => {
  test("is one JSON object a line", () => {
    const { output, text } = sink();
    createLogger({ format: "json", output }).info({ revision: 3 }, "serving");
    expect(JSON.parse(text())).toMatchObject({ level: 30, revision: 3, msg: "serving" });
  });

  test("leaves out what its level does not want", () => {
    const { output, text } = sink();
    const log = createLogger({ format: "json", level: "warn", output });
    log.info("not this");
    log.warn("but this");
    expect(text()).not.toContain("not this");
  });

  test.each(["resumeToken", "resume_token", "pageToken", "authorization", "password"])("never shows a %s", (key) => {
    const { output, text } = sink();
    const log = createLogger({ format: "json", output });
    log.info({ [key]: "s3cret" }, "one");
    log.info({ request: { [key]: "s3cret" } }, "two");
    log.info({ call: { request: { [key]: "s3cret" } } }, "three");
    expect(text()).not.toContain("s3cret");
  });

  test("is readable for people when it is pretty", () => {
    const { output, text } = sink();
    createLogger({ format: "pretty", output }).info({ revision: 3 }, "serving");
    expect(text()).toMatch(/INFO.*serving\n\s+revision: 3/);
  });
});

describe("metrics", () => {
  test("hold the process's own numbers, the event loop's delay, and what was built", async () => {
    using metrics = createMetrics({ version: "1.2.3" });
    const text = await metrics.register.metrics();
    expect(text).toMatch(/portolan_build_info\{version="1\.2\.3",node="v\d+[^"]*"\} 1/);
    expect(text).toMatch(/portolan_eventloop_delay_seconds\{quantile="1"\} [\d.e-]+/);
    expect(text).toContain("process_resident_memory_bytes");
  });

  test("tell the event loop's delay once", async () => {
    using metrics = createMetrics({ version: "1.2.3" });
    expect(await metrics.register.metrics()).not.toContain("nodejs_eventloop_lag");
  });
});

describe("the event loop's delay", () => {
  // Real time: the loop itself is what is measured.
  test("is told as what a blocked loop costs, without the interval of its samples", async () => {
    using metrics = createMetrics({ version: "1.2.3" });
    const delay = async (quantile: string) => {
      const text = await metrics.register.metrics();
      return Number(new RegExp(`eventloop_delay_seconds\\{quantile="${quantile}"\\} (\\S+)`).exec(text)?.[1]);
    };
    await setTimeout(200);
    expect(await delay("0.5")).toBeLessThan(0.008);
    await setTimeout(50);
    const until = performance.now() + 100;
    while (performance.now() < until);
    await setTimeout(30);
    expect(await delay("1")).toBeGreaterThan(0.05);
  });
});

describe("health", () => {
  test("tells whoever listens what stands, and each change once", () => {
    const health = new Health();
    const heard: string[] = [];
    health.onChange(({ state, writable }) => heard.push(`${state} ${writable}`));
    health.setWritable(true);
    health.setWritable(true);
    health.setState("serving");
    health.setState("serving");
    expect(heard).toEqual(["starting false", "starting true", "serving true"]);
  });

  test("never comes back from stopping", () => {
    const health = new Health();
    health.setState("stopping");
    health.setState("serving");
    expect(health.report.state).toBe("stopping");
  });
});
