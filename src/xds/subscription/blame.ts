/**
 * Which resources of a response a client means that refused it: those that its message names, or the only one that was new to it.
 *
 * The protocol has no field for it: gRPC and Envoy put the names into their text.
 */
export function blamed(message: string, names: readonly string[]): readonly string[] {
  const named = names.filter((name) => mentions(message, name));
  return named.length > 0 || names.length > 1 ? named : names;
}

/** True where the name stands by itself: `checkout.default` is not meant by `checkout.default.metrics`. */
function mentions(message: string, name: string): boolean {
  for (let at = message.indexOf(name); at !== -1; at = message.indexOf(name, at + 1)) {
    if (!/[\w/-]$/.test(message.slice(0, at)) && !/^(?:[\w/-]|\.\w)/.test(message.slice(at + name.length))) return true;
  }
  return false;
}
