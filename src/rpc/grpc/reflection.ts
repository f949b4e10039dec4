import { type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { file_google_rpc_error_details } from "../../../gen/google/rpc/error_details_pb.js";
import { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionV1Alpha } from "../../../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { Health } from "../../../gen/health/v1/health_pb.js";

/** What the libraries serve beside our own services. */
const LIBRARY_SERVICES: readonly DescService[] = [Health, ServerReflection, ServerReflectionV1Alpha];

/**
 * Lets clients without the .proto files see these services, health, and the details of errors: reflection v1 and v1alpha.
 *
 * Why from our own generated descriptors, also for the libraries' services: those that the libraries carry were made again by
 * another compiler, which gets maps wrong.
 *
 * @param packed files of messages that stand in an `Any`, so that clients can show what is in it.
 */
export function addReflection(
  server: Server,
  services: readonly DescService[],
  packed: readonly DescFile[] = [],
): void {
  const all = [...services, ...LIBRARY_SERVICES];
  /** name -> encoded descriptor. */
  const files = new Map<string, Buffer>();
  for (const file of [...all.map((service) => service.file), file_google_rpc_error_details, ...packed]) {
    collect(file, files);
  }
  // The lightest definition that the library reads files from.
  const definition = {
    format: "Protocol Buffer 3 EnumDescriptorProto" as const,
    type: {},
    fileDescriptorProtos: [...files.values()],
  };
  new ReflectionService({ definition }, { services: all.map((service) => service.typeName) }).addToServer(server);
}

/** A file and all that it imports. */
function collect(file: DescFile, files: Map<string, Buffer>): void {
  if (files.has(file.name)) return;
  files.set(file.name, Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)));
  for (const dependency of file.dependencies) collect(dependency, files);
}
