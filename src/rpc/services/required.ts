/** A message that the rules require. @throws TypeError when a request without it passed them: our fault. */
export function required<T>(message: T | undefined): T {
  if (message === undefined) throw new TypeError("a request without a required message has passed the rules");
  return message;
}
