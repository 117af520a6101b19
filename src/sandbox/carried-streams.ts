import { closeSync, createReadStream, fstatSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { pipeline } from "node:stream";
import { makePipe } from "../base/syscalls.ts";

/** The streams of this process as a runtime gets them. */
export interface CarriedStreams extends Disposable {
  /** For `spawn`. */
  readonly stdio: readonly ("inherit" | number)[];
  /** Called once, when the process has been started: carries its bytes until nobody can write any more. Throws what a full disk throws. */
  carry(): Promise<void>;
}

/**
 * Runtimes give their standard streams to the user of the container, so that it can open them again: of files they would change the owner. So
 * files are carried through pipes. One file that is standard output and error stays one, and what is written to it keeps its order.
 */
export function carryFiles(): CarriedStreams {
  const files = [0, 1, 2].map((fd) => fileOf(fd));
  const pipes = files.map((file, fd) =>
    file === undefined || (fd === 2 && file === files[1]) ? undefined : makePipe(),
  );
  const [input, output, error = files[2] === files[1] ? output : undefined] = pipes;
  let open = pipes.flatMap((pipe) => (pipe ? [pipe.read, pipe.write] : []));
  return {
    stdio: [input?.read ?? "inherit", output?.write ?? "inherit", error?.write ?? "inherit"],
    carry: async () => {
      for (const end of [input?.read, output?.write, pipes[2]?.write]) if (end !== undefined) closeSync(end);
      // the streams close the others
      open = [];
      const feeding = input && feed(input.write);
      await Promise.all([output && write(output.read, 1), pipes[2] && write(pipes[2].read, 2)]);
      feeding?.destroy();
    },
    [Symbol.dispose]: () => open.forEach((end) => closeSync(end)),
  };
}

/** What a file is known by, whatever names it has; undefined for pipes, terminals, devices and what is closed. */
function fileOf(fd: number): string | undefined {
  try {
    const stats = fstatSync(fd, { bigint: true });
    return stats.isFile() ? `${stats.dev} ${stats.ino}` : undefined;
  } catch {
    return undefined;
  }
}

async function write(from: number, fd: number): Promise<void> {
  const stream = new Socket({ fd: from, readable: true, writable: false });
  await new Promise<void>((resolve, reject) => {
    stream.on("data", (chunk: Uint8Array) => {
      try {
        for (let at = 0; at < chunk.length;) at += writeSync(fd, chunk, at);
      } catch (error) {
        // whoever goes on writing hears that nobody reads
        stream.destroy(error as Error);
      }
    });
    stream.once("error", reject);
    stream.once("close", () => resolve());
  });
}

function feed(to: number): Socket {
  const socket = new Socket({ fd: to, readable: false, writable: true });
  // a process need not read what it is given
  pipeline(createReadStream("", { fd: 0, autoClose: false }), socket, () => undefined);
  return socket;
}
