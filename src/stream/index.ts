/**
 * Async tools without domain words: clocks, timers, signals.
 *
 * Start with `clock.ts`: every other room takes its time from there.
 *
 * @module
 */
export { type Clock, systemClock, type Timer } from "./clock.js";
export { mapped } from "./mapped.js";
export { Signal } from "./signal.js";
export { TimerWheel, type TimerWheelOptions } from "./timer-wheel.js";
