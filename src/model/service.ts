/** A name that consumers call. Immutable: a change is a new object. */
export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly description: string;
  readonly owner: string;
  /** label key -> value. */
  readonly labels: Readonly<Record<string, string>>;
  /** Fully qualified protobuf services that it offers. */
  readonly grpcServices: readonly string[];
  /** The revision that created it. */
  readonly createRevision: bigint;
  /** The revision that changed it last. */
  readonly modRevision: bigint;
}

/** A service before the store gave it its revisions. */
export type ServiceDraft = Omit<Service, "createRevision" | "modRevision">;

/** Identifies a service. */
export interface ServiceRef {
  readonly namespace: string;
  readonly name: string;
}

/** The namespace meant by an empty one. */
export const DEFAULT_NAMESPACE = "default";
