import type { ReadStream } from "node:tty";

/** Longer than any password (UTF-16 units). */
const longest = 4096;

/**
 * One line from a terminal that does not show what is typed. The last character can be taken back, and all of them with Ctrl-U.
 * @param onInterrupt is called at Ctrl-C, which the terminal itself passes on no more.
 * @returns undefined at Ctrl-C, and at Ctrl-D or the terminal's end where nothing was typed.
 */
export function readSecret(
  input: Pick<ReadStream, "setRawMode" | "on" | "off" | "resume" | "pause">,
  onInterrupt: () => void,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let typed = "";
  const end = (secret: string | undefined): void => {
    input.off("data", onData);
    input.off("end", onEnd);
    input.setRawMode(false);
    input.pause();
    resolve(secret);
  };
  const onEnd = (): void => end(typed === "" ? undefined : typed);
  const onData = (bytes: Buffer): void => {
    for (const sign of bytes.toString("utf8")) {
      if (sign === "\r" || sign === "\n") return end(typed);
      if (sign === "\u0003") {
        end(undefined);
        return onInterrupt();
      }
      if (sign === "\u0004") return onEnd();
      if (sign === "\u007f" || sign === "\b") typed = typed.replace(/.$/su, "");
      else if (sign === "\u0015") typed = "";
      else if (typed.length < longest) typed += sign;
    }
  };
  input.setRawMode(true);
  input.on("data", onData);
  input.on("end", onEnd);
  input.resume();
  return promise;
}
