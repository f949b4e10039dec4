import { RegistryService } from "../../../../gen/portolan/registry/v1/registry_pb.js";
import type { Wire } from "../wire.js";
import { expectedPrint, listedPrint, type Version } from "./content.js";

/** Where what the server lists at the end differs from what stands after the replay. */
export async function listingFaults(wire: Wire, standing: Iterable<Version>): Promise<string[]> {
  const listed = await listAll(wire);
  const faults: string[] = [];
  for (const version of standing) {
    const { namespace, service, id } = version.content;
    const place = `${namespace}/${service}/${id}`;
    const expected = expectedPrint(version, { endpointName: "", region: "", zone: "" });
    if (listed.get(place) !== expected) faults.push(`${place} is listed as "${listed.get(place)}", not "${expected}"`);
    listed.delete(place);
  }
  for (const place of listed.keys()) faults.push(`${place} is listed, and should be gone`);
  return faults;
}

async function listAll(wire: Wire): Promise<Map<string, string>> {
  const listed = new Map<string, string>();
  let pageToken = "";
  do {
    const request = { namespace: "*", pageSize: 1_000, pageToken };
    const page = await wire.unary(RegistryService.method.listInstances, request);
    for (const instance of page.instances) {
      const { namespace, service, id } = instance;
      listed.set(`${namespace}/${service}/${id}`, listedPrint(instance));
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return listed;
}
