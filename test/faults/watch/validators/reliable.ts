import { type Group, type GroupedService, groupsOf, type Recording } from "../record/recording.js";
import type { Truth } from "../truth/truth.js";
import { difference, type ExpectedService, fullSet, servicesOf } from "./expectation.js";
import type { Validator } from "./finding.js";

/**
 * Reliable, filtered and resumable: each response tells exactly what changed, for its targets, filters and place, since the
 * response before it or since the revision that the stream resumed after: nothing is missing, nothing else is in it. A full set
 * is exactly what stood. A service that came, went or never was is said to be so.
 */
export const reliable: Validator = (recording, { truth }) => {
  const faults: string[] = [];
  let before = recording.afterRevision;
  for (const group of groupsOf(recording)) {
    if (group.revision > truth.last) {
      faults.push(`told revision ${group.revision}, and there are ${truth.last}`);
      break;
    }
    const full = group.reset || [...group.services.values()].some(({ reset }) => reset);
    const found = full ? fullFaults(group, recording, truth) : changeFaults(group, before, recording, truth);
    faults.push(...found.map((fault) => `${before} to ${group.revision}: ${fault}`));
    before = group.revision;
  }
  return faults;
};

function fullFaults(group: Group, recording: Recording, truth: Truth): string[] {
  const faults: string[] = [];
  const named = new Set<string>();
  for (const [target, watched] of recording.watching.targets.entries()) {
    for (const service of servicesOf(truth, watched)) {
      const key = `${target} ${watched.namespace}/${service}`;
      named.add(key);
      const exists = truth.exists(watched.namespace, service, group.revision);
      const told = group.services.get(key);
      if (!told) {
        if (exists || watched.service !== "*") faults.push(`${key} is missing`);
        continue;
      }
      if (!told.reset) faults.push(`${key} is no full set among full sets`);
      if (told.removed.size > 0) faults.push(`${key} removes from a full set`);
      if (told.exists !== exists) faults.push(`${key} is said to ${told.exists ? "exist" : "be gone"}`);
      const put = fullSet(truth, recording, watched, service, group.revision);
      faults.push(...putFaults(key, told, put));
    }
  }
  for (const key of group.services.keys()) if (!named.has(key)) faults.push(`${key} was told, and never was`);
  return faults;
}

function changeFaults(group: Group, after: number, recording: Recording, truth: Truth): string[] {
  const faults: string[] = [];
  const expected = new Set<string>();
  for (const [target, watched] of recording.watching.targets.entries()) {
    for (const service of servicesOf(truth, watched)) {
      const change = difference(truth, recording, { target, service, after, through: group.revision });
      if (!change || isSilent(change, after, truth)) continue;
      const key = `${target} ${watched.namespace}/${service}`;
      expected.add(key);
      faults.push(...serviceFaults(key, group.services.get(key), change));
    }
  }
  for (const key of group.services.keys()) if (!expected.has(key)) faults.push(`${key} was told, and nothing happened`);
  return faults;
}

function serviceFaults(key: string, told: GroupedService | undefined, change: ExpectedService): string[] {
  if (!told) return [`${key} is missing: put ${[...change.put.keys()]}, removed ${[...change.removed]}`];
  const faults = putFaults(key, told, change.put);
  if (told.exists !== change.exists) faults.push(`${key} is said to ${told.exists ? "exist" : "be gone"}`);
  for (const id of change.removed) if (!told.removed.has(id)) faults.push(`${key}/${id} should be removed`);
  for (const id of told.removed) if (!change.removed.has(id)) faults.push(`${key}/${id} should not be removed`);
  return faults;
}

function putFaults(key: string, told: GroupedService, put: ReadonlyMap<string, string>): string[] {
  const faults: string[] = [];
  for (const [id, print] of put) {
    const is = told.put.get(id)?.print;
    if (is !== print) faults.push(`${key}/${id} should be told as "${print}", and is ${is ? `"${is}"` : "missing"}`);
  }
  for (const id of told.put.keys()) if (!put.has(id)) faults.push(`${key}/${id} should not be told`);
  return faults;
}

function isSilent({ put, removed, exists, namespace, service }: ExpectedService, after: number, truth: Truth): boolean {
  return put.size === 0 && removed.size === 0 && truth.exists(namespace, service, after) === exists;
}
