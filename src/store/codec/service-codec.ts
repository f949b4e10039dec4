import type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Service } from "../../model/index.js";
import { readOutlierDetection, writeOutlierDetection } from "./outlier-codec.js";
import {
  type Mutable,
  readEnd,
  readFields,
  readStringEntry,
  writeInt64,
  writeMessage,
  writePresent,
  writeString,
  writeStringMap,
  writeUint,
} from "./wire.js";

/** Writes the fields of store.proto's Service. */
export function writeService(to: BinaryWriter, service: Service): void {
  writeString(to, 1, service.namespace);
  writeString(to, 2, service.name);
  writeString(to, 3, service.description);
  writeString(to, 4, service.owner);
  writeStringMap(to, 5, service.labels);
  for (const name of service.grpcServices) to.tag(6, 2).string(name);
  writeInt64(to, 7, service.createRevision);
  writeInt64(to, 8, service.modRevision);
  const { panicThresholdPercent, outlierDetection, slowStartMs } = service;
  if (panicThresholdPercent !== undefined) writePresent(to, 9, panicThresholdPercent);
  if (outlierDetection) writeMessage(to, 10, () => writeOutlierDetection(to, outlierDetection));
  if (slowStartMs !== undefined) writeUint(to, 11, slowStartMs);
}

/** Reads the fields of store.proto's Service up to `end`. */
export function readService(from: BinaryReader, end: number): Service {
  const labels: Record<string, string> = {};
  const grpcServices: string[] = [];
  const service: Mutable<Service> = {
    namespace: "",
    name: "",
    description: "",
    owner: "",
    labels,
    grpcServices,
    createRevision: 0n,
    modRevision: 0n,
  };
  readFields(from, end, (field) => {
    if (field === 1) service.namespace = from.string();
    else if (field === 2) service.name = from.string();
    else if (field === 3) service.description = from.string();
    else if (field === 4) service.owner = from.string();
    else if (field === 5) readStringEntry(from, labels);
    else if (field === 6) grpcServices.push(from.string());
    else if (field === 7) service.createRevision = BigInt(from.int64());
    else if (field === 8) service.modRevision = BigInt(from.int64());
    else if (field === 9) service.panicThresholdPercent = from.uint32();
    else if (field === 10) service.outlierDetection = readOutlierDetection(from, readEnd(from));
    else if (field === 11) service.slowStartMs = from.uint32();
    else return false;
    return true;
  });
  return service;
}
