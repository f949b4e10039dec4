import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type Endpoint,
  type Health,
  type HealthCheckSchema,
  type Instance,
  InstanceSchema,
} from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { CommonOptions } from "../context.js";
import { durationOf } from "../duration.js";
import { CliError } from "../errors.js";
import { EXIT } from "../exit-codes.js";

/** What a command line says of an instance. */
export interface InstanceOptions extends CommonOptions {
  readonly service: string;
  readonly endpoint: Endpoint[];
  readonly id?: string;
  readonly label?: Record<string, string>;
  readonly version?: string;
  readonly weight?: number;
  readonly region?: string;
  readonly zone?: string;
  readonly subZone?: string;
  readonly health?: Health;
  /** True without a service's name. */
  readonly grpcHealth?: string | true;
  readonly httpHealth?: string;
  readonly tcpHealth?: boolean;
  readonly healthInterval?: number;
  readonly healthTimeout?: number;
}

/** The instance that a command line describes. @throws CliError `EXIT.usage` for more than one probe. */
export function instanceOf(options: InstanceOptions, id: string): Instance {
  const healthCheck = healthCheckOf(options);
  return create(InstanceSchema, {
    namespace: options.namespace ?? "",
    service: options.service,
    id,
    endpoints: options.endpoint,
    version: options.version ?? "",
    labels: options.label ?? {},
    ...(options.weight !== undefined && { weight: options.weight }),
    ...(options.health !== undefined && { reportedHealth: options.health }),
    ...localityOf(options),
    ...(healthCheck && { healthCheck }),
  });
}

function localityOf(options: InstanceOptions) {
  const { region = "", zone = "", subZone = "" } = options;
  return region || zone || subZone ? { locality: { region, zone, subZone } } : {};
}

function healthCheckOf(options: InstanceOptions): MessageInitShape<typeof HealthCheckSchema> | undefined {
  const { grpcHealth, httpHealth, tcpHealth } = options;
  const probes: MessageInitShape<typeof HealthCheckSchema>[] = [];
  if (grpcHealth) probes.push({ probe: { case: "grpc", value: { service: grpcHealth === true ? "" : grpcHealth } } });
  if (httpHealth !== undefined) probes.push({ probe: { case: "http", value: { path: httpHealth } } });
  if (tcpHealth) probes.push({ probe: { case: "tcp", value: {} } });
  if (probes.length > 1)
    throw new CliError("an instance is probed in one way: choose one of the --…-health options", EXIT.usage);
  const { healthInterval, healthTimeout } = options;
  if (!probes[0] && (healthInterval ?? healthTimeout) !== undefined)
    throw new CliError("--health-interval and --health-timeout need one of the --…-health options", EXIT.usage);
  return (
    probes[0] && {
      ...probes[0],
      ...(healthInterval !== undefined && { interval: durationOf(healthInterval) }),
      ...(healthTimeout !== undefined && { timeout: durationOf(healthTimeout) }),
    }
  );
}
