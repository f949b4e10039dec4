import type { Listener } from "./adapter.js";

/** What /healthz tells. */
export interface HealthPage {
  /** "SERVING", "NOT_SERVING". */
  readonly status: string;
  /** Newest durable revision. */
  readonly revision: bigint;
  /** False while writes fail; reads go on. */
  readonly writable: boolean;
  /** True while nothing expires because many clients were lost at once; everything else goes on. */
  readonly expiryPaused: boolean;
}

/** Where the plain pages get their content. */
export interface PlainPages {
  health(): HealthPage;
  /** The metrics in Prometheus' text format, and its content type. */
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
}

/** Answers what is no call: /healthz, /metrics, and a 404 that says what there is. */
export function plainRoutes(pages: PlainPages, onError: (error: unknown) => void): Listener {
  return (request, response) => {
    const path = request.url?.split("?", 1)[0];
    if (request.method !== "GET" && request.method !== "HEAD") {
      send(response, 404, { error: `no call ${path}: use POST /<package>.<Service>/<Method>` });
    } else if (path === "/healthz") {
      const { status, revision, ...more } = pages.health();
      send(response, status === "SERVING" ? 200 : 503, { status, revision: String(revision), ...more });
    } else if (path === "/metrics") {
      pages.metrics().then(
        ({ type, text }) => write(response, 200, type, text),
        (error: unknown) => {
          onError(error);
          send(response, 500, { error: "the metrics cannot be read: see the log" });
        },
      );
    } else {
      send(response, 404, { error: "nothing here: see /healthz and /metrics" });
    }
  };
}

type Response = Parameters<Listener>[1];

function send(response: Response, status: number, body: object): void {
  write(response, status, "application/json", `${JSON.stringify(body)}\n`);
}

function write(response: Response, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
