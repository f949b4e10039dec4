// client.js TARGET INTERVAL_MS: calls a greeter over and over until it is killed, and prints a JSON line a call.
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { credentials, loadPackageDefinition, status } from "@grpc/grpc-js";
import { register, XdsChannelCredentials } from "@grpc/grpc-js-xds";
import { loadSync } from "@grpc/proto-loader";

const [target, intervalMs] = process.argv.slice(2);
const proto = fileURLToPath(new URL("../../../../../examples/greeter.proto", import.meta.url));
const { greeter } = loadPackageDefinition(loadSync(proto));
register();
const client = new greeter.v1.GreeterService(target, new XdsChannelCredentials(credentials.createInsecure()));

function call() {
  const deadline = Date.now() + 5_000;
  return new Promise((resolve) => {
    client.sayHello({ name: "node" }, { deadline }, (error, response) => {
      if (error) resolve({ code: status[error.code], reply: "", error: error.details });
      else resolve({ code: "OK", reply: response.message, error: "" });
    });
  });
}

for (;;) {
  console.log(JSON.stringify(await call()));
  await setTimeout(Number(intervalMs));
}
