// A gRPC client that sends and receives bytes, so that the load costs little beside what it loads.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import * as admin from "../dist/gen/portolan/admin/v1/admin_pb.js";
import * as discovery from "../dist/gen/portolan/discovery/v1/discovery_pb.js";
import * as registry from "../dist/gen/portolan/registry/v1/registry_pb.js";

export const schemas = { ...registry, ...discovery, ...admin };
const bytes = (value) => value;

/** Opens `count` connections. */
export function connect(address, count = 1) {
  return Array.from({ length: count }, (_, id) => {
    const options = {
      "grpc.use_local_subchannel_pool": 1,
      "bench.connection": id,
      "grpc.max_receive_message_length": -1,
    };
    return new Client(address, credentials.createInsecure(), options);
  });
}

/** The bytes of a request. */
export function encode(schema, fields) {
  return Buffer.from(toBinary(schema, create(schema, fields)));
}

export const decode = fromBinary;

/** One unary call; resolves with the answer's bytes. */
export function unary(client, path, request) {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, bytes, bytes, request, (error, response) =>
      error ? reject(error) : resolve(response),
    );
  });
}

/** One server stream; `onBytes` is called with each message. */
export function stream(client, path, request, onBytes) {
  const call = client.makeServerStreamRequest(path, bytes, bytes, request);
  call.on("data", onBytes);
  call.on("error", () => {});
  return call;
}

/** One stream both ways. */
export function duplex(client, path, onBytes) {
  const call = client.makeBidiStreamRequest(path, bytes, bytes);
  call.on("data", onBytes);
  call.on("error", () => {});
  return call;
}

/** Runs `job(i)` for every i below `total`, `concurrency` at a time. */
export async function each(total, concurrency, job) {
  let next = 0;
  const worker = async () => {
    while (next < total) await job(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Value at a share of a list of numbers: 0.5 is the median. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
