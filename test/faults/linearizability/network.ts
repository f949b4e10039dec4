import { startProxy, type Proxy as TcpProxy } from "../../support/proxy.js";
import { Connection } from "./connection.js";

const PROXIES = 2;
const DIRECT = 4;
const THROUGH_A_PROXY = 2;

/** Connections to a server: some direct ones, and some through proxies that can be cut. */
export class Network implements AsyncDisposable {
  private constructor(
    readonly proxies: readonly TcpProxy[],
    readonly connections: readonly Connection[],
  ) {}

  /** @param address host:port of the server on this machine. */
  static async open(address: string): Promise<Network> {
    const port = Number(new URL(`http://${address}`).port);
    const proxies = await Promise.all(Array.from({ length: PROXIES }, () => startProxy(port)));
    const proxied = proxies.flatMap(({ baseUrl }) => Array(THROUGH_A_PROXY).fill(new URL(baseUrl).host) as string[]);
    const addresses = [...(Array(DIRECT).fill(address) as string[]), ...proxied];
    return new Network(
      proxies,
      addresses.map((to) => new Connection(to)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.connections) connection[Symbol.dispose]();
    await Promise.all(this.proxies.map((proxy) => proxy[Symbol.asyncDispose]()));
  }
}
