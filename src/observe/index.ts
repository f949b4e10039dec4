/**
 * The program's own logs, metrics and health; the telemetry of the services that it governs is in `telemetry/`.
 *
 * Start with `health.ts`: what a load balancer and an orchestrator are told.
 *
 * @module
 */
export { Health, type HealthReport, type ServerState } from "./health.js";
export { createLogger, type LoggerOptions } from "./logger.js";
export { createMetrics, type ProcessMetrics } from "./metrics.js";
