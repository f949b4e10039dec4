import { type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { service as healthService } from "grpc-health-check";

/** The service that the health library adds, which it does not name itself. */
const HEALTH = "grpc.health.v1.Health";

/** Lets clients without the .proto files see these services and the health service: reflection v1 and v1alpha. */
export function addReflection(server: Server, services: readonly DescService[]): void {
  const files = new Map<string, Buffer>();
  for (const service of services) collect(service.file, files);
  const definition = {
    portolan: definitionOf([...files.values()]),
    health: definitionOf(Object.values(healthService).flatMap(({ requestType }) => requestType.fileDescriptorProtos)),
  };
  const names = [...services.map((service) => service.typeName), HEALTH];
  new ReflectionService(definition, { services: names }).addToServer(server);
}

/** A file and all that it imports: name -> its encoded descriptor. */
function collect(file: DescFile, files: Map<string, Buffer>): void {
  if (files.has(file.name)) return;
  files.set(file.name, Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)));
  for (const dependency of file.dependencies) collect(dependency, files);
}

/** The lightest definition that the library reads files from. */
function definitionOf(fileDescriptorProtos: Buffer[]) {
  return { format: "Protocol Buffer 3 EnumDescriptorProto" as const, type: {}, fileDescriptorProtos };
}
