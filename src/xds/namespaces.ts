import type { ServiceRef } from "../model/index.js";
import type { ServiceShape, Services } from "./services.js";

/** The shapes of all services of those namespaces that a proxy was told of. */
export class Namespaces {
  readonly #services: Services;
  /** namespace -> service -> shape. */
  readonly #known = new Map<string, Map<string, ServiceShape>>();

  constructor(services: Services) {
    this.#services = services;
  }

  /** The services of a namespace, in no order; remembered from then on. */
  shapes(namespace: string): ReadonlyMap<string, ServiceShape> {
    const known = this.#known.get(namespace);
    if (known) return known;
    const shapes = this.#services.shapes(namespace);
    this.#known.set(namespace, shapes);
    return shapes;
  }

  /** True when a service looks otherwise than is remembered; false in a namespace that is not. */
  differs(ref: ServiceRef): boolean {
    const shapes = this.#known.get(ref.namespace);
    return shapes !== undefined && !isSame(shapes.get(ref.name), this.#services.shape(ref));
  }

  /** Remembers how a service looks now. */
  refresh(ref: ServiceRef): void {
    const shape = this.#services.shape(ref);
    if (shape) this.#known.get(ref.namespace)?.set(ref.name, shape);
    else this.#known.get(ref.namespace)?.delete(ref.name);
  }

  /** Nobody needs a namespace any more. */
  forget(namespace: string): void {
    this.#known.delete(namespace);
  }
}

function isSame(a: ServiceShape | undefined, b: ServiceShape | undefined): boolean {
  if (!a || !b) return a === b;
  return a.routable === b.routable && a.endpoints.join() === b.endpoints.join();
}
