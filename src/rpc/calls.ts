import type { DescMethod } from "@bufbuild/protobuf";

/** A call that goes on now. */
export interface ActiveCall {
  /** "/package.Service/Method". */
  readonly path: string;
  readonly kind: DescMethod["methodKind"];
  /** Ends it with this error, as if the handler had thrown it. Safe to call twice. */
  end(error: Error): void;
}

/**
 * The calls that go on now, on both ports: open -> refusing.
 *
 * A graceful stop refuses what is new, ends the streams that never end by themselves, and waits for the rest.
 */
export class CallBook {
  readonly #active = new Set<ActiveCall>();
  #refusal: Error | undefined;
  readonly #waiting: (() => void)[] = [];

  /** What a new call is refused with; undefined while calls are welcome. */
  get refusal(): Error | undefined {
    return this.#refusal;
  }

  /** How many calls go on. */
  get size(): number {
    return this.#active.size;
  }

  enter(call: ActiveCall): void {
    this.#active.add(call);
  }

  leave(call: ActiveCall): void {
    this.#active.delete(call);
    if (this.#active.size > 0) return;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Refuses every call that begins from now on. */
  refuse(error: Error): void {
    this.#refusal = error;
  }

  /** Ends the calls that `chosen` picks. */
  end(error: Error, chosen: (call: ActiveCall) => boolean): void {
    for (const call of [...this.#active]) if (chosen(call)) call.end(error);
  }

  /** Resolves when no call goes on. */
  async empty(): Promise<void> {
    if (this.#active.size === 0) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
