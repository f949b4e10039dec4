import type { SessionResponse } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { instanceKey } from "../../model/index.js";
import type { Directive } from "../../registry/index.js";
import { Signal } from "../../stream/index.js";
import { directed } from "./session-messages.js";

type Step = IteratorResult<SessionResponse, undefined>;

/** Options of a session's answers. */
export interface SessionAnswersOptions {
  /** Answers that are expected or not yet taken; beyond, there is no room for another request. */
  readonly maxPending: number;
  /** Called when the reader wants no more answers. */
  readonly onAbandoned: () => void;
}

/**
 * What one session's stream has to say: answers in the order in which they are ready, then directives.
 *
 * Bounded without refusing anything: no request is read while `maxPending` answers are outstanding, and of the directives
 * only the latest of each kind and instance is kept.
 */
export class SessionAnswers implements AsyncIterator<SessionResponse, undefined> {
  readonly #options: SessionAnswersOptions;
  readonly #ready: SessionResponse[] = [];
  /** kind and instance -> the directive that was not taken yet. */
  readonly #directives = new Map<string, Directive>();
  /** Tells the one who reads requests that an answer was taken or became ready. */
  readonly #progress = new Signal();
  #reader: { resolve(step: Step): void; reject(error: unknown): void } | undefined;
  #expected = 0;
  #end: { readonly error?: unknown } | undefined;

  constructor(options: SessionAnswersOptions) {
    this.#options = options;
  }

  /** Announces an answer, which `push` will bring. */
  expect(): void {
    this.#expected++;
  }

  /** Brings an answer that was expected. */
  push(response: SessionResponse): void {
    this.#expected--;
    this.#progress.notify();
    if (this.#end) return;
    this.#ready.push(response);
    this.#hand();
  }

  /** Brings a directive. */
  direct(directive: Directive): void {
    if (this.#end) return;
    this.#directives.set(directiveKey(directive), directive);
    this.#hand();
  }

  /** Ends the stream after what is ready. */
  end(): void {
    this.#finish({});
  }

  /** Ends the stream with an error after what is ready; what becomes ready later is dropped. */
  fail(error: unknown): void {
    this.#finish({ error });
  }

  /** True when another request must wait for `room`. */
  get full(): boolean {
    return this.#expected + this.#ready.length >= this.#options.maxPending;
  }

  /** Resolves when there is room for another request, or when the stream has ended. */
  async room(): Promise<void> {
    while (this.full && !this.#end) await this.#progress.wait();
  }

  /** Resolves when every answer that is expected is ready. */
  async allReady(): Promise<void> {
    while (this.#expected > 0) await this.#progress.wait();
  }

  /** @throws what the stream ended with, once it has ended. */
  assertOpen(): void {
    if (this.#end) throw this.#end.error ?? new Error("the answers have ended");
  }

  next(): Promise<Step> {
    const step = this.#take();
    if (step) return Promise.resolve(step);
    if (this.#end) return this.#ending(this.#end);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  return(): Promise<Step> {
    this.#ready.length = 0;
    this.#directives.clear();
    this.#finish({ error: new Error("nobody reads the answers any more") });
    this.#options.onAbandoned();
    return Promise.resolve({ done: true, value: undefined });
  }

  #take(): Step | undefined {
    const response = this.#ready.shift();
    if (response) {
      this.#progress.notify();
      return { done: false, value: response };
    }
    for (const [key, directive] of this.#directives) {
      this.#directives.delete(key);
      return { done: false, value: directed(directive) };
    }
    return undefined;
  }

  /** Gives the waiting reader what is there. */
  #hand(): void {
    const step = this.#reader && this.#take();
    if (!step) return;
    this.#reader?.resolve(step);
    this.#reader = undefined;
  }

  #finish(end: { readonly error?: unknown }): void {
    if (this.#end) return;
    this.#end = end;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) this.#ending(end).then(reader.resolve, reader.reject);
    this.#progress.notify();
  }

  #ending(end: { readonly error?: unknown }): Promise<Step> {
    return "error" in end ? Promise.reject(end.error) : Promise.resolve({ done: true, value: undefined });
  }
}

function directiveKey(directive: Directive): string {
  return directive.kind === "reconnect" ? directive.kind : `${directive.kind} ${instanceKey(directive.instance)}`;
}
