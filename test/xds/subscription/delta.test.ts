import { describe, expect, test } from "vitest";
import { StateLab } from "../support/state-lab.js";

describe("what a delta request wants", () => {
  test.each([
    ["listener", {}, "a=1 b=1", "a first request without names is everything"],
    ["cluster", { subscribe: ["*"] }, "a=1 b=1", "* is everything"],
    ["cluster", { subscribe: ["a"] }, "a=1", "a name is that name alone"],
    ["cluster", { subscribe: ["*", "c"] }, "a=1 b=1 -c", "* and a name live together"],
    ["cluster", { unsubscribe: ["x"] }, "nothing", "a first request that only takes away is not everything"],
    ["endpoints", {}, "nothing", "endpoints have no everything"],
    ["endpoints", { subscribe: ["a", "c"] }, "a=1 -c", "a name that there is none of is removed at once"],
  ] as const)("%s %j: %s, because %s", (type, request, said, _why) => {
    const lab = new StateLab(type, "delta");
    lab.put("a=1", "b=1");
    lab.delta(request);
    expect(lab.say()).toBe(said);
  });

  test("a later request without names changes nothing", () => {
    const lab = new StateLab("cluster", "delta");
    lab.put("a=1", "b=1");
    lab.delta({ subscribe: ["a"] });
    lab.exchange();
    lab.delta();
    expect(lab.say()).toBe("nothing");
  });

  test("a name beside the everything of an empty request leaves that as it is", () => {
    const lab = new StateLab("cluster", "delta");
    lab.put("a=1", "b=1");
    lab.delta();
    lab.exchange();
    lab.delta({ subscribe: ["a"] });
    expect(lab.exchange()).toBe("a=1");
    lab.put("b=2");
    expect(lab.say()).toBe("b=2");
  });

  test("everything is taken away by *", () => {
    const lab = new StateLab("cluster", "delta");
    lab.put("a=1", "b=1");
    lab.delta({ subscribe: ["*", "a"] });
    lab.exchange();
    lab.delta({ unsubscribe: ["*"] });
    lab.put("a=2", "b=2");
    expect(lab.say()).toBe("a=2");
  });
});

describe("what is sent", () => {
  const having = (...names: string[]) => {
    const lab = new StateLab("cluster", "delta");
    lab.put("a=1", "b=1");
    lab.delta({ subscribe: names });
    lab.exchange();
    return lab;
  };

  test("only what changed", () => {
    const lab = having("*");
    lab.put("b=2", "c=1");
    expect(lab.say()).toBe("b=2 c=1");
  });

  test("the names of what is gone, after everything else", () => {
    const lab = having("*");
    lab.remove("a");
    lab.put("c=1");
    expect(lab.exchange("make")).toBe("c=1");
    expect(lab.exchange("break")).toBe("-a");
    expect(lab.exchange("break")).toBe("nothing");
  });

  test("of what is gone, once that is told, nothing is left", () => {
    const lab = having("*");
    lab.remove("a");
    lab.exchange("break");
    expect([lab.state.entries.size, lab.topics.subscriptions]).toEqual([1, 2]);
  });

  test("a name that was gone and is back before that was told is a change", () => {
    const lab = having("*");
    lab.remove("a");
    lab.put("a=2");
    expect([lab.exchange("make"), lab.exchange("break")]).toEqual(["a=2", "nothing"]);
  });

  test("whatever is subscribed to, also when the client has it", () => {
    const lab = having("a");
    lab.delta({ subscribe: ["a"] });
    expect(lab.say()).toBe("a=1");
  });

  test("nothing for a bare unsubscribe, and nothing of it later", () => {
    const lab = having("a", "b");
    lab.delta({ unsubscribe: ["a"] });
    lab.put("a=2");
    expect(lab.exchange("make")).toBe("nothing");
  });

  test("how a name stands that is unsubscribed and still covered by *", () => {
    const lab = having("*", "a", "x");
    lab.delta({ unsubscribe: ["a", "x", "never"] });
    expect(lab.exchange()).toBe("a=1 -x");
  });
});

describe("answers", () => {
  test("a request of an older nonce counts for what it wants", () => {
    const lab = new StateLab("endpoints", "delta");
    lab.put("a=1", "b=1");
    lab.delta({ subscribe: ["a"] });
    lab.say();
    expect(lab.delta({ subscribe: ["b"], nonce: "forged" })).toEqual({});
    expect(lab.state.outstanding).toBeDefined();
    lab.delta({ nonce: "1" });
    expect(lab.say()).toBe("b=1");
  });

  test("what was refused is not sent again before it is another", () => {
    const lab = new StateLab("endpoints", "delta");
    lab.put("a=1");
    lab.delta({ subscribe: ["a"] });
    lab.say();
    expect(lab.delta({ nonce: "1", error: "no" }).refused?.names).toEqual(["a"]);
    expect(lab.say()).toBe("nothing");
    lab.put("a=2");
    expect(lab.exchange()).toBe("a=2");
  });
});

describe("coming back", () => {
  test("what is the same is not sent, what differs is, what is gone is told", () => {
    const lab = new StateLab("cluster", "delta");
    lab.put("a=1", "b=1", "c=1");
    const initialVersions = { a: lab.versionOf("a"), b: "older", gone: "some" };
    lab.delta({ subscribe: ["*"], initialVersions });
    expect(lab.say()).toBe("b=1 c=1 -gone");
  });

  test("with everything, nothing is sent", () => {
    const lab = new StateLab("cluster", "delta");
    lab.put("a=1");
    lab.delta({ initialVersions: { a: lab.versionOf("a") } });
    expect(lab.say()).toBe("nothing");
  });

  test("a name that is gone meanwhile is removed", () => {
    const lab = new StateLab("endpoints", "delta");
    lab.put("a=1");
    lab.delta({ subscribe: ["a", "b"], initialVersions: { a: lab.versionOf("a"), b: "some" } });
    expect(lab.say()).toBe("-b");
  });

  test("versions in a later request mean nothing", () => {
    const lab = new StateLab("endpoints", "delta");
    lab.put("a=1", "b=1");
    lab.delta({ subscribe: ["a"] });
    lab.exchange();
    lab.delta({ subscribe: ["b"], initialVersions: { b: lab.versionOf("b") } });
    expect(lab.say()).toBe("b=1");
  });
});
