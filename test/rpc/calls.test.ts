import { expect, test } from "vitest";
import { type ActiveCall, CallBook } from "../../src/rpc/index.js";

function call(kind: ActiveCall["kind"], ended: string[] = []): ActiveCall {
  return { path: `/acme.Service/${kind}`, kind, end: (error) => void ended.push(`${kind}: ${error.message}`) };
}

test("everybody who waits for the book to be empty hears of it", async () => {
  const book = new CallBook();
  const one = call("unary");
  book.enter(one);
  const waiting = Promise.all([book.empty(), book.empty()]);
  book.leave(one);
  await waiting;
  await book.empty();
});

test("only the chosen calls are ended", () => {
  const book = new CallBook();
  const ended: string[] = [];
  for (const kind of ["unary", "bidi_streaming", "server_streaming"] as const) book.enter(call(kind, ended));
  book.end(new Error("stop"), ({ kind }) => kind === "bidi_streaming");
  expect(ended).toEqual(["bidi_streaming: stop"]);
  expect(book.size).toBe(3);
});

test("a book refuses from the moment it is told to", () => {
  const book = new CallBook();
  expect(book.refusal).toBeUndefined();
  const error = new Error("stopping");
  book.refuse(error);
  expect(book.refusal).toBe(error);
});
