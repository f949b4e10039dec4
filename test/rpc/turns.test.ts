import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startPlane } from "../support/plane.js";

const RESOLVE =
  "POST /portolan.discovery.v1.DiscoveryService/Resolve HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

function request(service: string): string {
  const body = JSON.stringify({ target: { service } });
  return `${RESOLVE}content-length: ${body.length}\r\n\r\n${body}`;
}

test("requests that are pipelined over HTTP/1.1 are all answered", async () => {
  await using plane = await startPlane();
  const socket = connect(Number(new URL(plane.httpUrl).port), "127.0.0.1");
  socket.write(request("a").repeat(20));
  let heard = "";
  socket.setEncoding("utf8");
  for await (const part of socket) {
    heard += part;
    if (heard.split("HTTP/1.1 200").length > 20) break;
  }
  expect(heard.split("HTTP/1.1 200").length - 1).toBe(20);
});

test("a connection that pipelines without reading is closed, before anything is served to it", async () => {
  await using plane = await startPlane();
  let parsed = 0;
  const count = () => parsed++;
  subscribe("http.server.request.start", count);
  onTestFinished(() => {
    unsubscribe("http.server.request.start", count);
  });
  const socket = connect(Number(new URL(plane.httpUrl).port), "127.0.0.1");
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(request("a").repeat(2_000));
  socket.resume();
  await closed;
  expect(plane.app.calls.size).toBe(0);
  expect(parsed, "requests that were parsed").toBeLessThan(50);
  const metrics = await (await fetch(`${plane.httpUrl}/metrics`)).text();
  expect(metrics).toMatch(/portolan_rpc_started_calls_total{port="http",[^}]*method="Resolve"} 0\n/);
});
