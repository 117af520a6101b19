import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { makePipe } from "../base/syscalls.ts";
import type { ProcessSpec } from "./contract.ts";

type Piped = Extract<ProcessSpec["stdio"], { readonly type: "pipe" }>;

/** What a process writes its output to. */
export interface OutputPipes extends Disposable {
  /** Standard output and error, for `spawn`. */
  readonly stdio: readonly [stdout: number, stderr: number];
  /** Called once, when the process has been started: hands on what it writes, until nobody can write any more. */
  read(stdio: Piped): Promise<void>;
}

/** Real pipes: what Node would make are sockets, and no process could open those again by their names /dev/stdout and /dev/stderr. */
export function openOutputPipes(): OutputPipes {
  const pipes = [makePipe(), makePipe()] as const;
  let open = pipes.flatMap(({ read, write }) => [read, write]);
  const close = (...ends: readonly number[]): void => {
    for (const end of ends.filter((one) => open.includes(one))) closeSync(end);
    open = open.filter((end) => !ends.includes(end));
  };
  return {
    stdio: [pipes[0].write, pipes[1].write],
    read: async (stdio) => {
      close(pipes[0].write, pipes[1].write);
      // the streams close these
      open = [];
      await Promise.all([hand("stdout", pipes[0].read, stdio), hand("stderr", pipes[1].read, stdio)]);
    },
    [Symbol.dispose]: () => close(...open),
  };
}

async function hand(name: "stdout" | "stderr", fd: number, { onOutput, drained }: Piped): Promise<void> {
  const stream = new Socket({ fd, readable: true, writable: false });
  stream.on("data", (chunk: Uint8Array) => {
    onOutput(name, chunk);
    const wait = drained?.();
    if (!wait) return;
    stream.pause();
    void wait.then(() => stream.resume());
  });
  await new Promise<void>((resolve, reject) => {
    stream.once("error", reject);
    stream.once("close", () => resolve());
  });
}
