/**
 * Why a store cannot be opened or restored.
 *
 * `IN_USE`: another process has it. `NEWER_FORMAT`: a newer program wrote it. `CORRUPT`: it cannot be read, restore a backup.
 * `NOT_EMPTY`: a restore would overwrite something. `DAMAGED_BACKUP`: the file is no backup, or not whole. `IO`: the
 * machine refused (permissions, no space).
 */
export type StoreOpenCode = "IN_USE" | "NEWER_FORMAT" | "CORRUPT" | "NOT_EMPTY" | "DAMAGED_BACKUP" | "IO";

/** A store could not be opened or restored. The message is one line for the operator and says what to do. */
export class StoreOpenError extends Error {
  override readonly name = "StoreOpenError";
  constructor(
    readonly code: StoreOpenCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The text of an error, in one line. */
export function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, " ").trim();
}
