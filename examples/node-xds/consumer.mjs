// Calls the greeters without a line about the control plane: gRPC itself asks it, over xDS, for who serves the name.
// GRPC_XDS_BOOTSTRAP names the file that `portolan xds bootstrap` printed: node consumer.mjs --calls 10
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { register } from "@grpc/grpc-js-xds";
import { loadSync } from "@grpc/proto-loader";

const { values: flags } = parseArgs({
  options: {
    target: { type: "string", default: "xds:///greeter" },
    calls: { type: "string", default: "10" },
    interval: { type: "string", default: "200" },
  },
});

register(); // teaches gRPC what xds:/// means
const { GreeterService } = loadPackageDefinition(loadSync(fileURLToPath(new URL("../greeter.proto", import.meta.url))))
  .greeter.v1;
const greeters = new GreeterService(flags.target, credentials.createInsecure());

for (let call = 0; call < Number(flags.calls); call++) {
  await sayHello();
  await delay(Number(flags.interval));
}
greeters.close();
process.exit(); // the library's stream to the control plane would keep the program alive

function sayHello() {
  return new Promise((resolve) => {
    greeters.SayHello({ name: "node" }, { deadline: Date.now() + 5_000 }, (error, response) => {
      console.log(error ? `failed: ${error.details}` : response.message);
      resolve();
    });
  });
}
