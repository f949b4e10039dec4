import { create, fromBinary } from "@bufbuild/protobuf";
import {
  DiscoveredInstanceSchema,
  WatchServicesResponseSchema,
} from "../../../../gen/portolan/discovery/v1/discovery_pb.js";
import type { Service } from "../../../../gen/portolan/registry/v1/registry_pb.js";
import { serviceAsContent, toInstance, toldPrint } from "../truth/content.js";
import { type Told, type ToldInstance, type ToldUpdate, toTold } from "./told.js";

/** Reads a response of WatchServices as if services were instances of one service, so that the same validators judge it. */
export function toldServices(bytes: Buffer): Told {
  const response = fromBinary(WatchServicesResponseSchema, bytes);
  const { revision, reset, synced } = response;
  const put = response.put.map(toToldInstance);
  const removed = response.removed.map(({ namespace, name }) => `${namespace}/${name}`);
  const says = reset || put.length + removed.length > 0;
  const update: ToldUpdate = { target: 0, ...PLACE, exists: true, reset, put, removed };
  return toTold({ revision, reset, synced, merged: 0n, committedAtMs: 0, updates: says ? [update] : [] });
}

const { namespace, service } = serviceAsContent("", "", "");
const PLACE = { namespace, service };

function toToldInstance(told: Service): ToldInstance {
  const content = serviceAsContent(told.namespace, told.name, told.description);
  const { createRevision, modRevision } = told;
  const discovered = create(DiscoveredInstanceSchema, {
    instance: { ...toInstance(content), health: content.health, createRevision, modRevision },
    effectiveWeight: 100,
  });
  return { ...PLACE, id: content.id, modRevision: Number(modRevision), print: toldPrint(discovered) };
}
