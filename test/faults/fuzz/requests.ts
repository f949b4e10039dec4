import { create, type DescField, type DescMessage, type DescMethod, type Message } from "@bufbuild/protobuf";
import fc from "fast-check";
import { anyMessage, anyOf, isPlain } from "../../rpc/rules/any-message.js";
import { goodRequest } from "./methods.js";

/** A field somewhere in a message: names as in TypeScript, the member of a oneof with its case. */
interface Slot {
  readonly path: readonly Step[];
  readonly field: DescField;
}

/** From a message into one of its fields. */
interface Step {
  readonly name: string;
  /** Set for the member of a oneof: its case. */
  readonly kase?: string;
}

const MAX_DEPTH = 4;

/** What a method may be sent: nonsense, and what is right but for one or two fields. */
export function anyRequests(method: DescMethod): fc.Arbitrary<readonly Message[]> {
  const one = fc.oneof(
    { arbitrary: nearlyRight(method.input, goodRequest(method)), weight: 4 },
    { arbitrary: anyMessage(method.input), weight: 1 },
  );
  const many = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  return many ? fc.array(one, { minLength: 1, maxLength: 4 }) : one.map((message) => [message]);
}

/** The good message with up to two of its fields, however deep, set to something else. */
export function nearlyRight(desc: DescMessage, good: Message): fc.Arbitrary<Message> {
  const slots = slotsOf(desc, [], 0);
  if (slots.length === 0) return fc.constant(good);
  const change = fc
    .constantFrom(...slots)
    .chain((slot) => fc.record({ slot: fc.constant(slot), value: anyOf(slot.field, 2) }));
  return fc.array(change, { maxLength: 2 }).map((changes) => {
    const draft = initOf(good);
    for (const { slot, value } of changes) setIn(draft, slot.path, value);
    return create(desc, draft);
  });
}

function slotsOf(desc: DescMessage, path: readonly Step[], depth: number): Slot[] {
  return desc.fields.flatMap((field) => {
    const step = field.oneof ? { name: field.oneof.localName, kase: field.localName } : { name: field.localName };
    const here = { path: [...path, step], field };
    const nested = field.fieldKind === "map" || isPlain(field) || depth >= MAX_DEPTH ? undefined : field.message;
    return nested ? [here, ...slotsOf(nested, here.path, depth + 1)] : [here];
  });
}

type Draft = Record<string, unknown>;

/** A copy that can be written to and is made a message again: one that says of what type it is would be taken as it is. */
function initOf(message: Message): Draft {
  return withoutTypes(message) as Draft;
}

function withoutTypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTypes);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const kept = Object.entries(value).filter(([name]) => name !== "$typeName");
  return Object.fromEntries(kept.map(([name, part]) => [name, withoutTypes(part)]));
}

/** Sets a field, making the messages on the way; in a list of messages, of its first. */
function setIn(draft: Draft, [step, ...rest]: readonly Step[], value: unknown): void {
  if (!step) return;
  if (step.kase === undefined) {
    draft[step.name] = rest.length === 0 ? value : within(draft[step.name], rest, value);
    return;
  }
  const { case: chosen, value: held } = (draft[step.name] ?? {}) as { case?: string; value?: unknown };
  const kept = chosen === step.kase ? held : undefined;
  draft[step.name] = { case: step.kase, value: rest.length === 0 ? value : within(kept, rest, value) };
}

function within(held: unknown, path: readonly Step[], value: unknown): unknown {
  const isList = Array.isArray(held);
  const target = ((isList ? held[0] : held) ?? {}) as Draft;
  setIn(target, path, value);
  return isList ? [target, ...held.slice(1)] : target;
}
