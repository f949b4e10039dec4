import { create } from "@bufbuild/protobuf";
import { InvalidArgumentError } from "commander";
import {
  type Endpoint,
  EndpointSchema,
  Health,
  type Locality,
  LocalitySchema,
  Protocol,
} from "../../gen/portolan/registry/v1/registry_pb.js";

/** scheme -> what the endpoint speaks. */
const SCHEMES: ReadonlyMap<string, { readonly protocol: Protocol; readonly tls: boolean }> = new Map([
  ["grpc", { protocol: Protocol.GRPC, tls: false }],
  ["grpcs", { protocol: Protocol.GRPC, tls: true }],
  ["http", { protocol: Protocol.HTTP, tls: false }],
  ["https", { protocol: Protocol.HTTP, tls: true }],
  ["http2", { protocol: Protocol.HTTP2, tls: false }],
  ["tcp", { protocol: Protocol.TCP, tls: false }],
]);

const ENDPOINT = /^(?:([^=]+)=)?(?:([a-z0-9]+):\/\/)?(\[[^\]]+\]|[^:/[\]]+):(\d+)$/;

/**
 * Reads "[NAME=][SCHEME://]HOST:PORT" and adds it to those read before: "grpc=10.0.0.5:8080", "admin=https://[::1]:9000".
 * Without a scheme, a name that is one says what the endpoint speaks.
 *
 * @throws InvalidArgumentError (of commander). What the registry allows is left to the registry.
 */
export function parseEndpoint(text: string, earlier: readonly Endpoint[] = []): Endpoint[] {
  const [, name = "", scheme, host = "", port] = ENDPOINT.exec(text) ?? [];
  const spoken = SCHEMES.get(scheme ?? name);
  if (port === undefined || (scheme !== undefined && !spoken)) {
    throw new InvalidArgumentError(
      `"${text}" is not an endpoint: write [NAME=][grpc|grpcs|http|https|http2|tcp://]HOST:PORT.`,
    );
  }
  return [
    ...earlier,
    create(EndpointSchema, { name, host: host.replace(/^\[|\]$/g, ""), port: Number(port), ...spoken }),
  ];
}

/** Reads "KEY=VALUE" and adds it to the labels read before. @throws InvalidArgumentError (of commander). */
export function parseLabel(text: string, earlier: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError(`"${text}" is not a label: write KEY=VALUE.`);
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Reads "region[/zone[/sub-zone]]". @throws InvalidArgumentError (of commander). */
export function parseLocality(text: string): Locality {
  const [region = "", zone = "", subZone = "", ...rest] = text.split("/");
  if (region === "" || rest.length > 0) {
    throw new InvalidArgumentError(`"${text}" is not a locality: write REGION, REGION/ZONE or REGION/ZONE/SUB-ZONE.`);
  }
  return create(LocalitySchema, { region, zone, subZone });
}

/** Reads "serving", "NOT_SERVING", "not-serving". @throws InvalidArgumentError (of commander) with the names allowed. */
export function parseHealth(text: string): Health {
  return parseEnumName(text, { ...Health }, "a health");
}

/** Reads an enum's name in any case, with "-" or "_". @throws InvalidArgumentError (of commander) with the names allowed. */
export function parseEnumName<T extends number>(text: string, values: Record<string, string | T>, what: string): T {
  const value = values[text.toUpperCase().replaceAll("-", "_")];
  if (typeof value === "number" && value !== 0) return value;
  const names = Object.keys(values).filter((name) => Number.isNaN(Number(name)) && values[name] !== 0);
  throw new InvalidArgumentError(
    `"${text}" is not ${what}: write ${names.join(", ").toLowerCase().replaceAll("_", "-")}.`,
  );
}

/** Reads a whole number from `min` to `max`. @throws InvalidArgumentError (of commander). */
export function parseCount(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`"${text}" is not a whole number from ${min} to ${max}.`);
  };
}

/** Reads a revision: 0 or more. @throws InvalidArgumentError (of commander). */
export function parseRevision(text: string): bigint {
  if (/^r?\d{1,18}$/.test(text)) return BigInt(text.replace("r", ""));
  throw new InvalidArgumentError(`"${text}" is not a revision: write a whole number such as 42.`);
}
