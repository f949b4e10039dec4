import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import {
  type Directive,
  type Instance,
  type Opened,
  OpenSessionSchema,
  type RegistryService,
  type SessionResponse,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import { durationOf, formatDuration } from "../duration.js";
import { CliError, explainLoss, failureError, isTransient, reasonOf } from "../errors.js";
import { EXIT } from "../exit-codes.js";
import type { CliIo, CliTimer } from "../io.js";
import { Backoff, pause } from "../retry.js";
import { SessionStream } from "./session-stream.js";

/** What to keep registered, and how. */
export interface KeeperOptions {
  readonly io: Pick<CliIo, "clock" | "random">;
  readonly registry: Client<typeof RegistryService>;
  /** The control plane's, for remarks. */
  readonly address: string;
  readonly instance: Instance;
  /** Who holds the session, for people. */
  readonly client: string;
  /** How long the instance outlives a broken stream, in milliseconds; absent leaves it to the control plane. */
  readonly ttlMs?: number;
  /** How long an answer may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends the session in an orderly way: the instance leaves at once. */
  readonly signal: AbortSignal;
  /** Remarks for people. */
  readonly say: (line: string) => void;
}

/**
 * Keeps one instance registered until `signal` aborts, across restarts of the control plane and broken connections.
 *
 * connecting -> holding -> (closed | lost: waiting -> connecting). A session that outlived the loss is resumed, and nobody
 * notices; one that did not is opened and registered anew.
 *
 * @throws CliError `EXIT.superseded` when another holder took the instance; what the registry refused, if it never
 * registered. Afterwards a refusal is said and tried again: what runs is not stopped because the plane changed its mind.
 */
export async function keepRegistered(options: KeeperOptions): Promise<void> {
  await new Keeper(options).run();
}

class Keeper {
  readonly #options: KeeperOptions;
  readonly #backoff: Backoff;
  readonly #name: string;
  /** Of the session to resume; empty opens a new one. */
  #resumeToken = "";
  #registeredBefore = false;
  /** Ordered out: registering again would undo the order. */
  #orderedOut = false;
  #superseded = false;
  #lost = false;
  #reconnectTimer: CliTimer | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.io.random);
    this.#name = `${options.instance.service}/${options.instance.id}`;
  }

  async run(): Promise<void> {
    const { signal, io } = this.#options;
    while (!signal.aborted) {
      const error = await this.#hold();
      if (this.#superseded) throw this.#supersededError();
      if (signal.aborted && error === undefined) return;
      if (this.#forgetSession(error)) continue;
      this.#judge(error);
      await pause(io.clock, this.#backoff.next(), signal);
    }
    await this.#leave();
  }

  /** Holds one stream until it ends. @returns why, or undefined for an orderly end. */
  async #hold(): Promise<unknown> {
    const stream = this.#open();
    const answer = this.#expectAnswer(stream);
    const close = () => {
      stream.close();
      answer.arm();
    };
    this.#options.signal.addEventListener("abort", close);
    if (this.#options.signal.aborted) close();
    try {
      for await (const response of stream.responses()) {
        if (this.#take(stream, response) && !this.#options.signal.aborted) answer.disarm();
        if (this.#superseded) close();
      }
      return undefined;
    } catch (error) {
      return error;
    } finally {
      this.#options.signal.removeEventListener("abort", close);
      answer.disarm();
      this.#reconnectTimer?.cancel();
      stream.break();
    }
  }

  #open(): SessionStream {
    const { registry, client, ttlMs, instance } = this.#options;
    const open = create(OpenSessionSchema, {
      client,
      resumeToken: this.#resumeToken,
      ...(ttlMs !== undefined && { ttl: durationOf(ttlMs) }),
    });
    const registration = (opened: Opened) => (this.#isHeld(opened) || this.#orderedOut ? undefined : instance);
    return new SessionStream({ registry, open, registration });
  }

  /** Takes a response in; true when the instance now stands as it should, or nothing more is awaited. */
  #take(stream: SessionStream, { response }: SessionResponse): boolean {
    switch (response.case) {
      case "opened":
        return this.#takeOpened(response.value);
      case "committed":
        this.#registeredBefore = true;
        this.#holding(`registered ${this.#name} (r${response.value.revision})`);
        return true;
      case "failed":
        throw failureError(response.value);
      case "directive":
        this.#obey(stream, response.value);
        return false;
      default:
        return false;
    }
  }

  #takeOpened(opened: Opened): boolean {
    this.#resumeToken = opened.resumeToken;
    if (this.#isHeld(opened)) this.#holding(`resumed ${opened.sessionId}: ${this.#name} stayed registered`);
    else if (this.#orderedOut) this.#holding(`resumed ${opened.sessionId}: ${this.#name} was ordered out`);
    else return false;
    return true;
  }

  #isHeld(opened: Opened): boolean {
    const { namespace, service, id } = this.#options.instance;
    return opened.instances.some(
      (ref) => ref.service === service && ref.id === id && ref.namespace === (namespace || "default"),
    );
  }

  #holding(remark: string): void {
    this.#lost = false;
    this.#backoff.reset();
    this.#options.say(remark);
  }

  #obey(stream: SessionStream, { directive }: Directive): void {
    if (directive.case === "superseded") {
      this.#superseded = true;
    } else if (directive.case === "drain") {
      this.#orderedOut = true;
      this.#options.say(`${this.#name} was ordered to drain: it finishes its calls and gets no new ones`);
    } else if (directive.case === "reconnect") {
      const withinMs = directive.value.within ? durationMs(directive.value.within) : 0;
      this.#options.say(`${this.#options.address} is about to stop: connecting anew`);
      // The loss that follows is no news.
      this.#lost = true;
      // All its clients got this in the same instant.
      this.#reconnectTimer = this.#options.io.clock.after((withinMs / 2) * this.#options.io.random(), () =>
        stream.break(),
      );
    }
  }

  /** Breaks the stream when nothing is answered in time. */
  #expectAnswer(stream: SessionStream): { arm(): void; disarm(): void } {
    const { clock } = this.#options.io;
    const start = () => clock.after(this.#options.timeoutMs, () => stream.break());
    let timer = start();
    const disarm = () => timer.cancel();
    return {
      disarm,
      arm() {
        disarm();
        timer = start();
      },
    };
  }

  /** True when the session is gone, and the next attempt opens a new one at once. */
  #forgetSession(error: unknown): boolean {
    const gone = error instanceof ConnectError && error.code === Code.NotFound && this.#resumeToken !== "";
    if (gone) this.#resumeToken = "";
    return gone;
  }

  /** Throws what no further attempt can mend; remarks on the rest, once a loss. */
  #judge(error: unknown): void {
    const reason = reasonOf(error);
    if (reason === "SUPERSEDED" || reason === "SESSION_TAKEN_OVER") throw this.#supersededError();
    const mayPass = error === undefined || isTransient(error);
    if (!mayPass && !this.#registeredBefore) throw error;
    if (this.#lost && mayPass) return;
    this.#lost = true;
    const { address, say } = this.#options;
    say(error === undefined ? `${address} ended the session; trying again` : explainLoss(error, address));
  }

  #supersededError(): CliError {
    return new CliError(`another holder registered ${this.#name}: give this one another --id`, EXIT.superseded);
  }

  /** The end came while the connection was lost: one attempt to take the instance out before its session's TTL does. */
  async #leave(): Promise<void> {
    if (this.#resumeToken === "") return;
    const error = await this.#hold();
    if (error === undefined || this.#forgetSession(error)) return;
    const ttl = this.#options.ttlMs === undefined ? "its time" : formatDuration(this.#options.ttlMs);
    this.#options.say(`could not deregister ${this.#name}: it leaves when ${ttl} is over`);
  }
}
