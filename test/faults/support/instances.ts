import { createClients } from "./clients.js";

/** A label's value takes this many characters at most. */
const LABEL_BYTES = 250;

/** Labels of about that many bytes together, different for each `salt`. */
export function bigLabels(bytes: number, salt: number): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let n = 0; n * LABEL_BYTES < bytes; n++) labels[`label-${n}`] = `${salt}-`.padEnd(LABEL_BYTES, "x");
  return labels;
}

/** An instance of about that many bytes. */
export function bigInstance(service: string, id: string, bytes: number, salt = 0) {
  return { service, id, endpoints: [{ host: "10.0.0.1", port: 8080 }], labels: bigLabels(bytes, salt) };
}

/** Registers instances that stay until they are deregistered. */
export async function registerBig(
  url: string,
  { service, count, bytes }: { readonly service: string; readonly count: number; readonly bytes: number },
): Promise<void> {
  using clients = createClients(url);
  const ttl = { seconds: 0n, nanos: 0 };
  for (let from = 0; from < count; from += 50) {
    const ids = Array.from({ length: Math.min(50, count - from) }, (_, n) => `${service}-${from + n}`);
    await clients.registry.registerBatch({
      requests: ids.map((id) => ({ instance: bigInstance(service, id, bytes), ttl })),
    });
  }
}
