import type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { HealthCheck } from "../../model/index.js";
import { type Mutable, readEnd, readFields, writeMessage, writeString, writeUint } from "./wire.js";

type Probe = HealthCheck["probe"];

/** Writes the fields of store.proto's HealthCheck. */
export function writeHealthCheck(to: BinaryWriter, check: HealthCheck): void {
  writeProbe(to, check.probe);
  writeString(to, 4, check.endpointName);
  writeUint(to, 5, check.intervalMs);
  writeUint(to, 6, check.timeoutMs);
  writeUint(to, 7, check.unhealthyThreshold);
  writeUint(to, 8, check.healthyThreshold);
}

/** Reads the fields of store.proto's HealthCheck up to `end`. */
export function readHealthCheck(from: BinaryReader, end: number): HealthCheck {
  const check: Mutable<HealthCheck> = {
    probe: { kind: "tcp" },
    endpointName: "",
    intervalMs: 0,
    timeoutMs: 0,
    unhealthyThreshold: 0,
    healthyThreshold: 0,
  };
  readFields(from, end, (field) => {
    if (field === 1) check.probe = { kind: "grpc", service: from.string() };
    else if (field === 2) check.probe = readHttpProbe(from);
    else if (field === 3) check.probe = from.bool() ? { kind: "tcp" } : check.probe;
    else if (field === 4) check.endpointName = from.string();
    else if (field === 5) check.intervalMs = from.uint32();
    else if (field === 6) check.timeoutMs = from.uint32();
    else if (field === 7) check.unhealthyThreshold = from.uint32();
    else if (field === 8) check.healthyThreshold = from.uint32();
    else return false;
    return true;
  });
  return check;
}

function writeProbe(to: BinaryWriter, probe: Probe): void {
  if (probe.kind === "grpc") to.tag(1, 2).string(probe.service);
  else if (probe.kind === "tcp") to.tag(3, 0).bool(true);
  else
    writeMessage(to, 2, () => {
      writeString(to, 1, probe.path);
      writeMessage(to, 2, () => {
        for (const status of probe.expectedStatuses) to.uint32(status);
      });
    });
}

function readHttpProbe(from: BinaryReader): Probe {
  let path = "";
  const expectedStatuses: number[] = [];
  readFields(from, readEnd(from), (field) => {
    if (field === 1) path = from.string();
    else if (field === 2) for (const end = readEnd(from); from.pos < end; ) expectedStatuses.push(from.uint32());
    else return false;
    return true;
  });
  return { kind: "http", path, expectedStatuses };
}
