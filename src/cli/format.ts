import { type Duration, durationMs, type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Endpoint, Health, type Instance, type Locality } from "../../gen/portolan/registry/v1/registry_pb.js";
import { formatAddress } from "../model/index.js";
import { formatDuration } from "./duration.js";
import type { Palette } from "./palette.js";

/** What a table shows where there is nothing to show. */
export const NOTHING = "-";

/** A text, or the sign for none. */
export function orNothing(text: string): string {
  return text === "" ? NOTHING : text;
}

/** "1 watch", "2 watches". */
export function formatCount(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}

/** Local time of day: "12:01:07". */
export function formatClock(wallMs: number): string {
  const time = new Date(wallMs);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** Local date and time: "2026-05-04 12:01:07". */
export function formatDateTime(wallMs: number): string {
  const time = new Date(wallMs);
  const day = [time.getFullYear(), time.getMonth() + 1, time.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${day.join("-")} ${formatClock(wallMs)}`;
}

/** How long ago, in one or two units; what lies in the future (clocks differ) is "0s". */
export function formatAge(time: Timestamp | undefined, nowMs: number): string {
  if (!time) return NOTHING;
  const ageMs = nowMs - timestampMs(time);
  return ageMs < 1_000 ? "0s" : formatDuration(ageMs);
}

/** A protobuf Duration for people. */
export function formatProtoDuration(duration: Duration | undefined): string {
  return duration ? formatDuration(durationMs(duration)) : NOTHING;
}

/** "512 B", "1.4 MiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 2 ** (10 * power);
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

/** "10.0.0.5:8080", with its name in front unless it is the default one: "grpc=10.0.0.5:8080". */
export function formatEndpoint(endpoint: Endpoint): string {
  const address = formatAddress(endpoint.host, endpoint.port);
  return endpoint.name === "" || endpoint.name === "default" ? address : `${endpoint.name}=${address}`;
}

/** Every endpoint of an instance. */
export function formatEndpoints(instance: Instance): string {
  return orNothing(instance.endpoints.map(formatEndpoint).join(","));
}

/** "eu/west-1/rack-7", as long as its parts are named. */
export function formatLocality(locality: Locality | undefined): string {
  if (!locality) return NOTHING;
  return orNothing([locality.region, locality.zone, locality.subZone].join("/").replace(/\/+$/, ""));
}

/** "SERVING", "NOT_SERVING". */
export function healthName(health: Health): string {
  return Health[health] ?? String(health);
}

const HEALTH_COLOUR: Readonly<Record<Health, "green" | "yellow" | "red" | "dim">> = {
  [Health.UNSPECIFIED]: "dim",
  [Health.STARTING]: "yellow",
  [Health.SERVING]: "green",
  [Health.DEGRADED]: "yellow",
  [Health.DRAINING]: "yellow",
  [Health.NOT_SERVING]: "red",
};

/** Health in its colour. */
export function formatHealth(health: Health, palette: Palette): string {
  return palette[HEALTH_COLOUR[health] ?? "dim"](healthName(health));
}

/** "v2.1", or as written when it begins with a letter. */
export function formatVersion(version: string): string {
  return /^\d/.test(version) ? `v${version}` : orNothing(version);
}

/** How each line of a watch begins: the time, and the revision; "..." on a piece that goes on in the next response. */
export function formatHead(
  response: { readonly revision: bigint; readonly synced: boolean },
  nowMs: number,
  palette: Palette,
): string {
  const isPiece = response.revision === 0n && !response.synced;
  return palette.dim(`${formatClock(nowMs)}  ${isPiece ? "..." : `r${response.revision}`}`);
}
