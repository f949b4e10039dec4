import type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { OutlierDetection } from "../../model/index.js";
import { HEALTH_CODES, healthOf } from "./codes.js";
import { type Mutable, readFields, writePresent } from "./wire.js";

type NumberName = keyof Omit<OutlierDetection, "ejectedHealth">;

/** Fields of store.proto's OutlierDetection that are numbers, in the order of theirs, from 1 on. */
const NUMBERS: readonly NumberName[] = [
  "consecutive5xx",
  "intervalMs",
  "baseEjectionTimeMs",
  "maxEjectionTimeMs",
  "maxEjectionPercent",
  "successRateMinimumHosts",
  "successRateRequestVolume",
  "successRateStdevFactor",
  "failurePercentageThreshold",
  "failurePercentageMinimumHosts",
  "failurePercentageRequestVolume",
];
const EJECTED_HEALTH = 12;

/** Writes the fields of store.proto's OutlierDetection. */
export function writeOutlierDetection(to: BinaryWriter, detection: OutlierDetection): void {
  for (const [index, name] of NUMBERS.entries()) {
    const value = detection[name];
    if (value !== undefined) writePresent(to, index + 1, value);
  }
  if (detection.ejectedHealth) writePresent(to, EJECTED_HEALTH, HEALTH_CODES[detection.ejectedHealth]);
}

/** Reads the fields of store.proto's OutlierDetection up to `end`. @throws RangeError for an unknown health. */
export function readOutlierDetection(from: BinaryReader, end: number): OutlierDetection {
  const detection: Mutable<OutlierDetection> = {};
  readFields(from, end, (field) => {
    const name = NUMBERS[field - 1];
    if (name) detection[name] = from.uint32();
    else if (field === EJECTED_HEALTH) detection.ejectedHealth = ejectedHealthOf(from.uint32());
    else return false;
    return true;
  });
  return detection;
}

function ejectedHealthOf(code: number): NonNullable<OutlierDetection["ejectedHealth"]> {
  const health = healthOf(code);
  if (health === "degraded" || health === "not-serving") return health;
  throw new RangeError(`an ejected instance cannot be ${health}`);
}
