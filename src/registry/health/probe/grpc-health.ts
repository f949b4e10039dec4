import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { failed, type Outcome, PASSED } from "./outcome.js";

/** The path of grpc.health.v1.Health/Check. */
export const CHECK_PATH = "/grpc.health.v1.Health/Check";

/** Before each gRPC message: whether it is compressed, and its length. */
const PREFIX_BYTES = 5;

/** ServingStatus -> its name. */
const STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
const SERVING = 1;

/** gRPC status -> what it means as the answer to a check. */
const CODES: ReadonlyMap<string, string> = new Map([
  ["5", "it knows no service of that name"],
  ["12", "it has no grpc.health.v1.Health"],
  ["16", "it wants to know who asks"],
  ["7", "it forbids to ask"],
]);

/** A HealthCheckRequest with its prefix. */
export function checkRequest(service: string): Buffer {
  const message = service === "" ? new Uint8Array() : new BinaryWriter().tag(1, 2).string(service).finish();
  const framed = Buffer.alloc(PREFIX_BYTES + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** What the end of a call says. @param status grpc-status of the trailers; undefined when there was none. */
export function outcomeOf(status: string | undefined, body: Buffer): Outcome {
  if (status === undefined) return failed("it did not answer as gRPC does");
  if (status !== "0")
    return failed(CODES.get(status) ?? `gRPC status ${/^\d{1,3}$/.test(status) ? status : "unknown"}`);
  const serving = servingStatus(body);
  if (serving === undefined) return failed("its answer cannot be read");
  return serving === SERVING ? PASSED : failed(`it says ${STATUSES[serving] ?? `status ${serving}`}`);
}

/** The status in a HealthCheckResponse; undefined when it is none. */
function servingStatus(body: Buffer): number | undefined {
  if (body.length < PREFIX_BYTES || body[0] !== 0 || body.readUInt32BE(1) !== body.length - PREFIX_BYTES)
    return undefined;
  try {
    const reader = new BinaryReader(body.subarray(PREFIX_BYTES));
    let serving = 0;
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === 1 && type === 0) serving = reader.int32();
      else reader.skip(type, field);
    }
    return serving;
  } catch {
    return undefined;
  }
}
