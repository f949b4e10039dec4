import { type CelInput, celList } from "@bufbuild/cel";
import { durationToProto, timestampToProto } from "../translate/index.js";
import { scalar, type Type } from "./types.js";
import { type FieldView, labelsView, type ObjectView, viewOf } from "./view.js";

const STRING = scalar("string");
const INT = scalar("int");

/** Text; set when it is not empty. */
export function text<T>(get: (value: T) => string): FieldView<T> {
  return { type: STRING, get, isSet: (value) => get(value) !== "" };
}

/** A whole number or an enum's; set when it is not 0. */
export function int<T>(get: (value: T) => number | bigint): FieldView<T> {
  return { type: INT, get: (value) => BigInt(get(value)), isSet: (value) => Number(get(value)) !== 0 };
}

/** A whole number that knows whether it is there; without it `unset` is read, what the API says that its absence means. */
export function optionalInt<T>(unset: number, get: (value: T) => number | undefined): FieldView<T> {
  return { type: INT, get: (value) => BigInt(get(value) ?? unset), isSet: (value) => get(value) !== undefined };
}

/** A flag; set when it is true. */
export function flag<T>(get: (value: T) => boolean): FieldView<T> {
  return { type: scalar("bool"), get, isSet: get };
}

/** A point in time, from milliseconds since the epoch. */
export function time<T>(getMs: (value: T) => number): FieldView<T> {
  return { type: scalar("timestamp"), get: (value) => timestampToProto(getMs(value)), isSet: () => true };
}

/** A length of time, from milliseconds; without it 0 is read. */
export function length<T>(getMs: (value: T) => number | undefined): FieldView<T> {
  return {
    type: scalar("duration"),
    get: (value) => durationToProto(getMs(value) ?? 0),
    isSet: (value) => getMs(value) !== undefined,
  };
}

/** A map of at most 64 labels. */
export function labels<T>(get: (value: T) => Readonly<Record<string, string>>): FieldView<T> {
  const isSet = (value: T) => Object.keys(get(value)).length > 0;
  return { type: { kind: "map", max: 64 }, get: (value) => labelsView(get(value)), isSet };
}

/** A message; where it is not there, `empty` is read. */
export function object<T, M>(view: ObjectView<M>, empty: M, get: (value: T) => M | undefined): FieldView<T> {
  return {
    type: view.type,
    get: (value) => viewOf(view, get(value) ?? empty),
    isSet: (value) => get(value) !== undefined,
  };
}

/** A list of at most `max` messages. */
export function objects<T, M>(view: ObjectView<M>, max: number, get: (value: T) => readonly M[]): FieldView<T> {
  return listed(view.type, max, get, (item) => viewOf(view, item));
}

/** A list of at most `max` texts. */
export function texts<T>(max: number, get: (value: T) => readonly string[]): FieldView<T> {
  return listed(STRING, max, get, (item) => item);
}

/** A list of at most `max` whole numbers. */
export function ints<T>(max: number, get: (value: T) => readonly number[]): FieldView<T> {
  return listed(INT, max, get, BigInt);
}

function listed<T, M>(
  element: Type,
  max: number,
  get: (value: T) => readonly M[],
  show: (item: M) => CelInput,
): FieldView<T> {
  return {
    type: { kind: "list", element, max },
    get: (value) => celList(get(value).map((item) => show(item))),
    isSet: (value) => get(value).length > 0,
  };
}
