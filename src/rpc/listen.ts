import type { Server } from "node:net";

/**
 * Binds a listener and answers the port that is really bound.
 *
 * @param onError told of what goes wrong later: a connection that cannot be accepted, most often for want of a file descriptor.
 * @throws Error with the system's code (EADDRINUSE, EACCES, …).
 */
export async function listen(
  listener: Server,
  host: string,
  port: number,
  onError: (error: unknown) => void,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen({ host, port }, () => {
      listener.off("error", reject);
      listener.on("error", onError);
      resolve();
    });
  });
  const address = listener.address();
  return typeof address === "object" && address ? address.port : port;
}
