import { type CelInput, type CelMap, celMap } from "@bufbuild/cel";
import { scalar, type Type } from "./types.js";

/** One field of an object as CEL sees it. */
export interface FieldView<T> {
  readonly type: Type;
  /** The value; of a message that is not there, an empty one. */
  readonly get: (value: T) => CelInput;
  /** What `has()` answers. */
  readonly isSet: (value: T) => boolean;
}

/** The fields of an object, by their names in the .proto. */
export interface ObjectView<T> {
  readonly type: Type & { readonly kind: "object" };
  readonly fields: ReadonlyMap<string, FieldView<T>>;
}

/** Key under which a view answers `has(object.field)`. No field has such a name. */
export function presenceKey(field: string): string {
  return `?${field}`;
}

/** Describes an object to CEL. */
export function objectView<T>(name: string, fields: Readonly<Record<string, FieldView<T>>>): ObjectView<T> {
  const entries = Object.entries(fields);
  const views = new Map(entries);
  for (const [field, view] of entries) {
    views.set(presenceKey(field), { type: scalar("bool"), get: view.isSet, isSet: view.isSet });
  }
  const types = new Map(entries.map(([field, view]) => [field, view.type]));
  return { type: { kind: "object", name, fields: types }, fields: views };
}

/** An object for CEL, read field by field when the expression asks: nothing is copied. */
export function viewOf<T>(view: ObjectView<T>, value: T): CelMap {
  return celMap(new Fields(view.fields, value));
}

/** label key -> value, for CEL, without copying. */
export function labelsView(labels: Readonly<Record<string, string>>): CelMap {
  return celMap(new Labels(labels));
}

/** What CEL's maps are made of: of these, CEL calls `get`, `keys` and `size`. */
abstract class LazyMap implements ReadonlyMap<string, CelInput> {
  abstract get(key: string): CelInput | undefined;
  abstract names(): string[];

  get size(): number {
    return this.names().length;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  keys(): MapIterator<string> {
    return this.names().values();
  }

  values(): MapIterator<CelInput> {
    return this.#copy().values();
  }

  entries(): MapIterator<[string, CelInput]> {
    return this.#copy().entries();
  }

  [Symbol.iterator](): MapIterator<[string, CelInput]> {
    return this.entries();
  }

  forEach(visit: (value: CelInput, key: string, map: ReadonlyMap<string, CelInput>) => void): void {
    this.#copy().forEach(visit);
  }

  #copy(): Map<string, CelInput> {
    return new Map(this.names().map((name) => [name, this.get(name) ?? null]));
  }
}

class Fields<T> extends LazyMap {
  constructor(
    readonly fields: ReadonlyMap<string, FieldView<T>>,
    readonly value: T,
  ) {
    super();
  }

  get(key: string): CelInput | undefined {
    return this.fields.get(key)?.get(this.value);
  }

  names(): string[] {
    return [...this.fields.keys()];
  }
}

class Labels extends LazyMap {
  constructor(readonly labels: Readonly<Record<string, string>>) {
    super();
  }

  get(key: string): string | undefined {
    return Object.hasOwn(this.labels, key) ? this.labels[key] : undefined;
  }

  names(): string[] {
    return Object.keys(this.labels);
  }
}
