import { describe, expect, test } from "vitest";
import { StateLab } from "../support/state-lab.js";

// The numbers are rows of the xDS protocol's rules; see docs/mesh.md, "What the wire promises".

describe("what a state-of-the-world request wants", () => {
  test.each([
    ["listener", [[]], "a=1 b=1", "an empty list, before any name, is everything"],
    ["cluster", [["*"]], "a=1 b=1", "* is everything"],
    ["cluster", [["a"]], "a=1", "a name is that name alone"],
    ["cluster", [["*", "c"]], "a=1 b=1 -c", "* and a name live together"],
    ["cluster", [[], ["a"]], "a=1", "a name ends the everything of an empty list"],
    ["endpoints", [[]], "nothing", "endpoints have no everything"],
    ["endpoints", [["*"]], "nothing", "endpoints have no *"],
    ["route", [["a", "c"]], "a=1 -c", "a name that there is none of is said to be missing"],
  ] as const)("%s %j: %s, because %s", (type, requests, said, _why) => {
    const lab = new StateLab(type, "sotw");
    lab.put("a=1", "b=1");
    for (const names of requests) lab.sotw(names);
    expect(lab.say()).toBe(said);
  });

  test("an empty list after a name is nothing, and needs no answer", () => {
    const lab = new StateLab("cluster", "sotw");
    lab.put("a=1", "b=1");
    lab.sotw(["a"]);
    lab.exchange();
    lab.sotw([]);
    expect([lab.exchange("make"), lab.exchange("break")]).toEqual(["nothing", "nothing"]);
    lab.put("a=2");
    expect(lab.say()).toBe("nothing");
  });

  test("a first request for everything is answered when there is nothing", () => {
    const lab = new StateLab("cluster", "sotw");
    lab.sotw([]);
    expect(lab.exchange()).toBe("empty");
    expect(lab.exchange()).toBe("nothing");
  });
});

describe("what is sent", () => {
  test("listeners and clusters whole, at each change of one", () => {
    const lab = new StateLab("cluster", "sotw");
    lab.put("a=1", "b=1");
    lab.sotw(["*"]);
    expect(lab.exchange()).toBe("a=1 b=1");
    lab.put("b=2");
    expect(lab.exchange()).toBe("a=1 b=2");
  });

  test("endpoints one by one", () => {
    const lab = new StateLab("endpoints", "sotw");
    lab.put("a=1", "b=1");
    lab.sotw(["a", "b"]);
    lab.exchange();
    lab.put("b=2");
    expect(lab.exchange()).toBe("b=2");
  });

  test("nothing when the content is the same", () => {
    const lab = new StateLab("endpoints", "sotw");
    lab.put("a=1");
    lab.sotw(["a"]);
    lab.exchange();
    lab.put("a=2");
    lab.put("a=1");
    expect(lab.say()).toBe("nothing");
  });

  test("a name that is added, also when it did not change; the others are not sent again", () => {
    const lab = new StateLab("endpoints", "sotw");
    lab.put("a=1", "b=1");
    lab.sotw(["a"]);
    lab.exchange();
    lab.sotw(["a", "b"]);
    expect(lab.exchange()).toBe("b=1");
    lab.sotw(["b"]);
    lab.sotw(["b", "a"]);
    expect(lab.exchange()).toBe("a=1");
  });

  test("nothing of a name that is left out, also where another stands in the list twice", () => {
    const lab = new StateLab("endpoints", "sotw");
    lab.put("a=1", "b=1");
    lab.sotw(["a", "b"]);
    lab.exchange();
    lab.sotw(["a", "a"]);
    lab.put("b=2");
    expect(lab.say()).toBe("nothing");
  });

  test("a name that was missing, when it appears", () => {
    const lab = new StateLab("listener", "sotw");
    lab.sotw(["a"]);
    expect(lab.exchange()).toBe("-a");
    lab.put("a=1");
    expect(lab.exchange()).toBe("a=1");
  });

  test("that a name is missing, once", () => {
    const lab = new StateLab("route", "sotw");
    lab.sotw(["a"]);
    expect(lab.exchange()).toBe("-a");
    lab.sotw(["a"]);
    expect(lab.say()).toBe("nothing");
  });

  test("why a name could not be made", () => {
    const lab = new StateLab("route", "sotw");
    lab.topics.fail("route", "a", "a bug");
    lab.sotw(["a"]);
    expect(lab.say()).toBe("!a");
  });
});

describe("what is gone", () => {
  test("is kept in the set while others are made, and left out when all are", () => {
    const lab = new StateLab("cluster", "sotw");
    lab.put("a=1", "b=1");
    lab.sotw(["*"]);
    lab.exchange();
    lab.remove("a");
    lab.put("c=1");
    expect(lab.exchange("make")).toBe("a=1 b=1 c=1");
    expect(lab.exchange("make")).toBe("nothing");
    expect(lab.exchange("break")).toBe("b=1 c=1");
    expect(lab.exchange("break")).toBe("nothing");
  });

  test("of endpoints and routes is not told: it goes with who refers to it", () => {
    const lab = new StateLab("route", "sotw");
    lab.put("a=1");
    lab.sotw(["a"]);
    lab.exchange();
    lab.remove("a");
    expect([lab.exchange("make"), lab.exchange("break")]).toEqual(["nothing", "nothing"]);
    lab.put("a=1");
    expect(lab.exchange()).toBe("a=1");
  });
});

describe("answers", () => {
  const asked = (type: "cluster" | "endpoints" = "cluster") => {
    const lab = new StateLab(type, "sotw");
    lab.put("a=1", "b=1");
    lab.sotw(["a", "b"]);
    lab.say();
    return lab;
  };

  test("while a response is not answered, the next of its type waits and what changes goes out together", () => {
    const lab = asked("endpoints");
    lab.put("a=2");
    lab.put("b=2");
    lab.put("a=3");
    expect(lab.say()).toBe("nothing");
    lab.sotw(["a", "b"]);
    expect(lab.say()).toBe("a=3 b=2");
  });

  test("a request with an older nonce answers nothing; what it wants counts, and is sent after the answer", () => {
    const lab = asked("endpoints");
    lab.sotw(["a", "b"]);
    lab.put("a=2", "c=1");
    lab.say();
    expect(lab.sotw(["a", "c"], { nonce: "1" })).toEqual({});
    expect(lab.state.outstanding).toBeDefined();
    lab.sotw(["a", "c"]);
    expect(lab.exchange()).toBe("c=1");
    expect(lab.say()).toBe("nothing");
  });

  test("who wants nothing any more need not answer what is on its way, and is served when he comes back", () => {
    const lab = asked();
    lab.sotw(["a", "b"]);
    lab.remove("a");
    expect(lab.say("break")).toBe("b=1");
    lab.sotw([], { nonce: "1" });
    expect(lab.state.outstanding).toBeUndefined();
    lab.put("a=2");
    lab.sotw(["a"], { nonce: "1" });
    expect(lab.say()).toBe("a=2");
  });

  test("a nonce before any response is not ours, and changes nothing", () => {
    const lab = new StateLab("cluster", "sotw");
    lab.put("a=1");
    expect(lab.sotw(["a"], { nonce: "forged" })).toEqual({});
    expect(lab.say()).toBe("a=1");
  });

  test("a refusal is told by its error alone, whatever version it names", () => {
    const lab = asked();
    const { refused, acknowledged } = lab.sotw(["a", "b"], { error: "a is bad", versionInfo: lab.state.sentVersion });
    expect(acknowledged).toBeUndefined();
    expect(refused).toMatchObject({ names: ["a"], message: "a is bad" });
  });

  test("what was refused is not sent again, however often it is asked for", () => {
    const lab = asked("endpoints");
    lab.sotw(["a", "b"], { error: "no" });
    for (let i = 0; i < 3; i++) {
      expect(lab.say()).toBe("nothing");
      lab.sotw(["a", "b"], { error: "no" });
    }
    lab.put("a=2");
    expect(lab.say()).toBe("a=2");
  });

  test("a refusal changes what is wanted all the same", () => {
    const lab = asked("endpoints");
    lab.put("c=1");
    lab.sotw(["a", "b", "c"], { error: "no" });
    expect(lab.say()).toBe("c=1");
  });

  test("who refused one resource is told of the others, and keeps of it what it had", () => {
    const lab = asked();
    lab.sotw(["a", "b"]);
    lab.put("a=bad", "b=2");
    expect(lab.say()).toBe("a=bad b=2");
    lab.sotw(["a", "b"], { error: "cluster a: cannot be" });
    expect(lab.say()).toBe("nothing");
    lab.put("b=3");
    expect(lab.say()).toBe("a=1 b=3");
    lab.sotw(["a", "b"]);
    lab.put("a=2");
    expect(lab.say()).toBe("a=2 b=3");
  });

  test("who refused a resource that it never had goes without, until it is another", () => {
    const lab = asked();
    lab.sotw(["a", "b"], { error: "Error adding/updating cluster(s) a: no" });
    lab.put("b=2");
    expect(lab.exchange()).toBe("b=2");
    lab.put("a=2");
    expect(lab.exchange()).toBe("a=2 b=2");
  });

  test("one that refuses and asks in the same breath for what it refused is not sent it", () => {
    const lab = new StateLab("listener", "sotw");
    lab.put("a=1");
    lab.sotw([]);
    lab.say();
    expect(lab.sotw([], { error: "a: address already in use" }).refused?.names).toEqual(["a"]);
    expect([lab.say("make"), lab.say("break")]).toEqual(["nothing", "nothing"]);
  });
});

describe("coming back", () => {
  test("with the whole set that there is, nothing is sent again", () => {
    const lab = new StateLab("cluster", "sotw");
    lab.put("a=1", "b=1");
    lab.sotw([], { versionInfo: lab.wholeVersion() });
    expect(lab.say()).toBe("nothing");
    lab.put("a=2");
    expect(lab.say()).toBe("a=2 b=1");
  });

  test("with another set, or with names, everything is", () => {
    const lab = new StateLab("cluster", "sotw");
    lab.put("a=1");
    lab.sotw([], { versionInfo: "other" });
    expect(lab.say()).toBe("a=1");
    const named = new StateLab("cluster", "sotw");
    named.put("a=1");
    named.sotw(["a"], { versionInfo: named.wholeVersion() });
    expect(named.say()).toBe("a=1");
  });
});

test("a stream that ends leaves no subscription", () => {
  const lab = new StateLab("cluster", "sotw");
  lab.put("a=1");
  lab.sotw(["*", "b"]);
  expect(lab.topics.subscriptions).toBe(3);
  lab.state.entries.close();
  expect(lab.topics.subscriptions).toBe(0);
});
