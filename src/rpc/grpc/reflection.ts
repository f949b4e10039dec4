import { type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Server, ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
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
 * another compiler, which gets maps wrong. Why made when somebody asks for the first time: the library reads all of them, which
 * would be a quarter of the time until an empty server serves.
 *
 * @param packed files of messages that stand in an `Any`, so that clients can show what is in it.
 */
export function addReflection(
  server: Server,
  services: readonly DescService[],
  packed: readonly DescFile[] = [],
): void {
  let handlers: ReadonlyMap<string, UntypedServiceImplementation> | undefined;
  for (const [definition, impl] of servedBy(describe([], []))) {
    const path = pathOf(definition);
    const late = Object.keys(impl).map((name) => {
      const handle = (...call: unknown[]) => {
        handlers ??= new Map(servedBy(describe(services, packed)).map(([one, made]) => [pathOf(one), made]));
        Reflect.apply(handlers.get(path)?.[name] as (...call: unknown[]) => void, undefined, call);
      };
      return [name, handle] as const;
    });
    server.addService(definition, Object.fromEntries(late) as UntypedServiceImplementation);
  }
}

/** The library's service, which knows these services and files, and its own where there are any. */
function describe(services: readonly DescService[], packed: readonly DescFile[]): ReflectionService {
  const all = services.length > 0 ? [...services, ...LIBRARY_SERVICES] : [];
  /** name -> encoded descriptor. */
  const files = new Map<string, Buffer>();
  const roots = all.length > 0 ? [...all.map((service) => service.file), file_google_rpc_error_details, ...packed] : [];
  for (const file of roots) collect(file, files);
  // The lightest definition that the library reads files from.
  const definition = {
    format: "Protocol Buffer 3 EnumDescriptorProto" as const,
    type: {},
    fileDescriptorProtos: [...files.values()],
  };
  return new ReflectionService({ definition }, { services: all.map((service) => service.typeName) });
}

/** What it would add to a server: one service a version of reflection. */
function servedBy(reflection: ReflectionService): [ServiceDefinition, UntypedServiceImplementation][] {
  const served: [ServiceDefinition, UntypedServiceImplementation][] = [];
  reflection.addToServer({
    addService: (definition, impl) => void served.push([definition, impl as UntypedServiceImplementation]),
  });
  return served;
}

/** Where the first method of a service is called; it tells the versions apart. */
function pathOf(definition: ServiceDefinition): string {
  return Object.values(definition)[0]?.path ?? "";
}

/** A file and all that it imports. */
function collect(file: DescFile, files: Map<string, Buffer>): void {
  if (files.has(file.name)) return;
  files.set(file.name, Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)));
  for (const dependency of file.dependencies) collect(dependency, files);
}
