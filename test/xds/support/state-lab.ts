import { versionOf } from "../../../src/xds/resource.js";
import {
  type Compose,
  composeDelta,
  composeSotw,
  isPending,
  type Phase,
} from "../../../src/xds/subscription/compose.js";
import {
  type DeltaRequest,
  type SotwRequest,
  type Taken,
  takeDelta,
  takeSotw,
} from "../../../src/xds/subscription/take.js";
import { TypeState } from "../../../src/xds/subscription/type-state.js";
import type { ResourceType } from "../../../src/xds/types.js";
import { FakeTopics } from "./fake-topics.js";

/** What a response says, in short: "a=1 b=2", then "-c" for what is missing. "nothing" where there is none. */
export type Said = string;

/** One type of one stream, without a stream: requests in, what would be said out. */
export class StateLab {
  readonly topics = new FakeTopics();
  readonly state: TypeState;
  readonly #compose: Compose;
  /** version -> content, so that what is said can be read. */
  readonly #contents = new Map<string, string>();
  #responses = 0;
  wakes = 0;

  constructor(type: ResourceType, variant: "sotw" | "delta") {
    this.state = new TypeState(type, this.topics.source, () => this.wakes++);
    this.#compose = variant === "sotw" ? composeSotw : composeDelta;
  }

  put(...names: string[]): void {
    for (const text of names) {
      const [name = "", content = ""] = text.split("=");
      const { version } = this.topics.put(this.state.type, name, content);
      this.#contents.set(version, content);
    }
  }

  remove(name: string): void {
    this.topics.remove(this.state.type, name);
  }

  sotw(names: readonly string[], rest: Partial<SotwRequest> = {}): Taken {
    return takeSotw(this.state, { names, versionInfo: "", nonce: this.state.nonce ?? "", ...rest });
  }

  delta(rest: Partial<DeltaRequest> = {}): Taken {
    return takeDelta(this.state, { subscribe: [], unsubscribe: [], initialVersions: {}, nonce: "", ...rest });
  }

  /** The version of what there is under a name. */
  versionOf(name: string): string {
    return this.topics.of(this.state.type).get(name)?.version ?? "";
  }

  /** The version of all that there is. */
  wholeVersion(): string {
    return versionOf(this.topics.of(this.state.type).values());
  }

  /** What is said in a phase, which counts as sent. */
  say(phase: Phase = "make"): Said {
    const isFree = !this.state.outstanding && isPending(this.state, phase);
    const draft = isFree ? this.#compose(this.state, phase) : undefined;
    if (!draft) return "nothing";
    this.state.sent(draft, String(++this.#responses), versionOf(draft.resources));
    const there = draft.resources.map(({ name, version }) => `${name}=${this.#contents.get(version)}`);
    const missing = draft.missing.map(({ name, failure }) => (failure === undefined ? `-${name}` : `!${name}`));
    return [...there.sort(), ...missing.sort()].join(" ") || "empty";
  }

  /** Says, and has it taken. */
  exchange(phase: Phase = "make"): Said {
    const said = this.say(phase);
    this.state.acknowledge();
    return said;
  }
}
