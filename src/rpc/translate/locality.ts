import type { Locality as ProtoLocality } from "../../../gen/portolan/registry/v1/registry_pb.js";
import type { Locality } from "../../model/index.js";

/** A locality as consumers see it. */
export function localityToProto(locality: Locality): ProtoLocality {
  return {
    $typeName: "portolan.registry.v1.Locality",
    region: locality.region,
    zone: locality.zone,
    subZone: locality.subZone,
  };
}

/** Where a client says that something runs. */
export function localityFromProto(locality: ProtoLocality): Locality {
  return { region: locality.region, zone: locality.zone, subZone: locality.subZone };
}
