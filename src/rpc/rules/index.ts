/**
 * What may stand in a request: one schema a message, every fault at once, with its path as the .proto spells it.
 *
 * The comments of the .proto files state the same rules for readers; the types here make a field without a rule an error of
 * compilation, and a test finds a message without rules. Start with `instance.ts`, then `message-rules.ts`.
 *
 * @module
 */

export { assertInstanceFits } from "./instance-size.js";
export { free, type MessageRules, outputOnly } from "./message-rules.js";
export { createRules, type Rules, type RulesOptions, validate } from "./rules.js";
