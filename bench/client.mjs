// A gRPC client that sends and receives bytes, so that the load costs little beside what it loads.

import { connect as connectHttp2, constants } from "node:http2";
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

const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH } = constants;
const WINDOW_BYTES = 16 * 1024 * 1024;

/**
 * A bare HTTP/2 connection that speaks as much gRPC as a unary call needs: for rates at which grpc-js's own client, and its
 * window of 64 KiB, would be what is measured.
 */
export async function connectBare(address) {
  const session = connectHttp2(`http://${address}`, { settings: { initialWindowSize: WINDOW_BYTES } });
  await new Promise((resolve, reject) => session.once("connect", resolve).once("error", reject));
  session.setLocalWindowSize(WINDOW_BYTES);
  const call = (path, request) =>
    new Promise((resolve, reject) => {
      const stream = session.request({
        [HTTP2_HEADER_METHOD]: "POST",
        [HTTP2_HEADER_PATH]: path,
        "content-type": "application/grpc",
        te: "trailers",
      });
      let size = 0;
      stream.on("data", (chunk) => {
        size += chunk.length;
      });
      stream.on("trailers", (trailers) => {
        if (trailers["grpc-status"] === "0") resolve(size);
        else reject(new Error(`${path}: ${trailers["grpc-status"]} ${trailers["grpc-message"]}`));
      });
      stream.on("error", reject);
      stream.end(framed(request));
    });
  return { call, close: () => session.close() };
}

function framed(message) {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, 5);
  return frame;
}
