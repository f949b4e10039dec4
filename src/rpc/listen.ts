import type { Server } from "node:net";

/**
 * Binds a listener and answers the port that is really bound.
 *
 * @throws Error with the system's code (EADDRINUSE, EACCES, …).
 */
export async function listen(listener: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen({ host, port }, () => {
      listener.off("error", reject);
      resolve();
    });
  });
  const address = listener.address();
  return typeof address === "object" && address ? address.port : port;
}
