import { toBinary } from "@bufbuild/protobuf";
import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type {
  DeltaDiscoveryResponse,
  DiscoveryResponse,
} from "../../../gen/xds/envoy/service/discovery/v3/discovery_pb.js";
import { ResourceErrorSchema } from "../../../gen/xds/envoy/service/discovery/v3/discovery_pb.js";

const { LengthDelimited } = WireType;

/** The part of a message that both kinds of responses have in common. */
type Response = Pick<DiscoveryResponse, "typeUrl" | "nonce" | "controlPlane" | "resourceErrors">;

/**
 * Writes a response of the state of the world. Its resources are encoded already, and are most of it: going through the message
 * field by field would copy them twice more.
 */
export function writeDiscoveryResponse(writer: BinaryWriter, response: DiscoveryResponse): void {
  text(writer, 1, response.versionInfo);
  for (const any of response.resources) writeAny(writer, 2, any);
  writeCommon(writer, response, { controlPlane: 6, errors: 7 });
}

/** Writes a delta response, as `writeDiscoveryResponse`. */
export function writeDeltaResponse(writer: BinaryWriter, response: DeltaDiscoveryResponse): void {
  text(writer, 1, response.systemVersionInfo);
  for (const { name, version, resource } of response.resources) {
    writer.tag(2, LengthDelimited).fork();
    text(writer, 1, version);
    if (resource) writeAny(writer, 2, resource);
    text(writer, 3, name);
    writer.join();
  }
  writeCommon(writer, response, { controlPlane: 7, errors: 9 });
  for (const name of response.removedResources) writer.tag(6, LengthDelimited).string(name);
}

function writeCommon(
  writer: BinaryWriter,
  { typeUrl, nonce, controlPlane, resourceErrors }: Response,
  numbers: { readonly controlPlane: number; readonly errors: number },
): void {
  text(writer, 4, typeUrl);
  text(writer, 5, nonce);
  if (controlPlane) {
    writer.tag(numbers.controlPlane, LengthDelimited).fork();
    text(writer, 1, controlPlane.identifier);
    writer.join();
  }
  for (const error of resourceErrors) {
    writer.tag(numbers.errors, LengthDelimited).bytes(toBinary(ResourceErrorSchema, error));
  }
}

function writeAny(writer: BinaryWriter, field: number, any: DiscoveryResponse["resources"][number]): void {
  writer.tag(field, LengthDelimited).fork();
  text(writer, 1, any.typeUrl);
  writer.tag(2, LengthDelimited).bytes(any.value).join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  if (value !== "") writer.tag(field, LengthDelimited).string(value);
}
