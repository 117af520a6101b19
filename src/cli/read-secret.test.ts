import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { readSecret } from "./read-secret.ts";

function terminal() {
  const events = new EventEmitter();
  const modes: boolean[] = [];
  const input = Object.assign(events, {
    setRawMode: (mode: boolean) => void modes.push(mode),
    resume: () => events,
    pause: () => events,
  });
  let interrupted = false;
  const read = readSecret(input as never, () => {
    interrupted = true;
  });
  const type = (text: string): void => void events.emit("data", Buffer.from(text));
  return { read, type, events, modes, interrupted: () => interrupted };
}

test.each([
  ["s3cret\r", "s3cret"],
  ["s3cret\n", "s3cret"],
  ["s3crx\u007fet\r", "s3cret"],
  ["\u007fp\u00e4ss\ud83d\ude00\u007f\r", "p\u00e4ss"],
  ["wrong\u0015right\r", "right"],
  ["\r", ""],
  ["\u0004", undefined],
  ["cut\u0004", "cut"],
  ["first\rsecond\r", "first"],
])("what is typed as %j is read, and the terminal is as it was", async (keys, secret) => {
  const { read, type, modes, events, interrupted } = terminal();
  type(keys);
  expect(await read).toBe(secret);
  expect([modes, events.listenerCount("data"), interrupted()]).toEqual([[true, false], 0, false]);
});

test("Ctrl-C ends it, and is passed on", async () => {
  const { read, type, modes, interrupted } = terminal();
  type("s3c");
  type("\u0003");
  expect(await read).toBeUndefined();
  expect([modes, interrupted()]).toEqual([[true, false], true]);
});

test("so does the end of the terminal", async () => {
  const { read, events } = terminal();
  events.emit("end");
  expect(await read).toBeUndefined();
});
