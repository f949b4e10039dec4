import { memoryDatabase, type TelemetryDatabase } from "../../../src/telemetry/index.js";

/** A database whose writes fail while `broken`, as one on a full disk does. */
export interface FragileDatabase extends TelemetryDatabase {
  broken: boolean;
  /** How often it was opened. */
  readonly opened: number;
}

/** Makes one; what was written before it broke is still there after. */
export function fragileDatabase(database: TelemetryDatabase = memoryDatabase()): FragileDatabase {
  let opened = 0;
  return {
    broken: false,
    get opened() {
      return opened;
    },
    open() {
      opened++;
      return database.open();
    },
    close: () => database.close(),
    setAside: () => database.setAside(),
    get: (key) => database.get(key),
    getMany: (keys) => database.getMany(keys),
    batch(operations, options) {
      return this.broken ? Promise.reject(new Error("no space left on device")) : database.batch(operations, options);
    },
    iterator: (range) => database.iterator(range),
  };
}
