import { type Outgoing, type Variant, XdsStream } from "../../../src/xds/streams/xds-stream.js";
import { composeDelta, composeSotw } from "../../../src/xds/subscription/compose.js";
import { takeDelta, takeSotw } from "../../../src/xds/subscription/take.js";
import type { Refusal } from "../../../src/xds/subscription/type-state.js";
import type { ResourceType } from "../../../src/xds/types.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeTopics } from "./fake-topics.js";

const NODE = { id: "n", kind: "envoy", userAgent: "", namespace: "default", consumer: "" } as const;

/** One whole stream over fake topics; a test is its client and its transport. */
export class StreamLab {
  readonly topics = new FakeTopics();
  readonly stream: XdsStream;
  readonly refusals: Refusal[] = [];
  /** Commit times of what was acknowledged. */
  readonly acknowledged: number[] = [];

  constructor(
    readonly variant: Variant,
    maxNames = 100,
  ) {
    const events = {
      responded: () => {},
      acknowledged: (_: ResourceType, { committedAtMs }: { committedAtMs: number }) =>
        void this.acknowledged.push(committedAtMs),
      refused: (_: XdsStream, __: ResourceType, refusal: Refusal) => void this.refusals.push(refusal),
    };
    const host = { topics: this.topics.book, clock: new FakeClock(), events, maxNames };
    const compose = variant === "sotw" ? composeSotw : composeDelta;
    this.stream = new XdsStream({ host, variant, compose, tag: "t", address: "127.0.0.1:1" });
    this.stream.identify(() => NODE);
  }

  /** Asks for names; of a delta stream these are added. */
  ask(type: ResourceType, names: readonly string[], answer: { nonce?: string; error?: string } = {}): void {
    const { nonce = "", error } = answer;
    const said = { nonce, ...(error !== undefined && { error }) };
    this.stream.take(type, names, (state) =>
      this.variant === "sotw"
        ? takeSotw(state, { names, versionInfo: "", ...said })
        : takeDelta(state, { subscribe: names, unsubscribe: [], initialVersions: {}, ...said }),
    );
  }

  /** Takes, or refuses, a response. @param names what is wanted from then on, by a state-of-the-world client. */
  answer({ type, nonce }: Outgoing, names: readonly string[], error?: string): void {
    const wanted = this.variant === "sotw" ? names : [];
    this.ask(type, wanted, { nonce, ...(error !== undefined && { error }) });
  }

  /** The next response; fails when there is none. */
  next(): Outgoing {
    const outgoing = this.stream.next();
    if (!outgoing) throw new Error("there is nothing to say");
    return outgoing;
  }

  /** Types of the responses that follow, each taken at once: "cluster endpoints". */
  settle(names: Partial<Record<ResourceType, readonly string[]>> = {}): string {
    const types: string[] = [];
    for (let outgoing = this.stream.next(); outgoing; outgoing = this.stream.next()) {
      types.push(outgoing.type);
      this.answer(outgoing, names[outgoing.type] ?? []);
    }
    return types.join(" ");
  }
}
