import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { TelemetrySequenceSchema } from "../../../gen/portolan/store/v1/telemetry_pb.js";
import type { Operation } from "./database.js";
import type { Disk } from "./disk.js";
import { metaKey } from "./keys.js";

/**
 * Numbers records in the order of their arrival, also across restarts.
 *
 * Whoever writes a record writes `operation()` with it. Numbers of records that were never written may come again: nobody
 * else knows them.
 */
export class Sequence {
  #next: number;

  private constructor(next: number) {
    this.#next = next;
  }

  /** Goes on where the database stands; from 1 when it cannot be read. */
  static async open(disk: Disk): Promise<Sequence> {
    const next = await disk
      .get(metaKey("sequence"))
      .then((record) => record && fromBinary(TelemetrySequenceSchema, record).next)
      .catch(() => undefined);
    return new Sequence(next ?? 1);
  }

  /** The number that the next `take` answers. */
  get next(): number {
    return this.#next;
  }

  /** A number that nobody had before. */
  take(): number {
    return this.#next++;
  }

  /** Makes all numbers that were taken durable. */
  operation(): Operation {
    const value = toBinary(TelemetrySequenceSchema, create(TelemetrySequenceSchema, { next: this.#next }));
    return { type: "put", key: metaKey("sequence"), value };
  }
}
