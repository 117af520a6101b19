import { closeSync, constants, createReadStream, fstatSync, openSync, readlinkSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { isatty } from "node:tty";
import { SlipwayError } from "../base/index.ts";
import { makePipe } from "../base/syscalls.ts";

/** The streams of this process as a runtime gets them. */
export interface CarriedStreams extends Disposable {
  /** For `spawn`. */
  readonly stdio: readonly ("inherit" | number)[];
  /**
   * Called once, when the process has been started: carries its bytes until nobody can write any more.
   * @param broken called when standard output or error cannot be written any more: the process writes into a closed pipe from then on.
   * @returns why it could not, unless it was that nobody reads any more.
   */
  carry(broken: () => void): Promise<SlipwayError | undefined>;
}

/** Something that is carried, and the pipe in its place. */
interface Carried {
  readonly fd: number;
  /** What it is known by, whatever names it has. */
  readonly id: string;
  /** Of a pipe the same, opened once more, so that waiting for it changes nothing for those who share the first; all else is `whole`: it makes nobody wait. */
  readonly own: number | "whole";
  readonly pipe: { readonly read: number; readonly write: number };
}

/**
 * Runtimes give their standard streams to the user of the container, so that it can open them again: of files, named pipes and devices they would change the
 * owner. And SIGPIPE does not end the first process of a container: somebody else has to notice that nobody reads. So they are carried through pipes.
 * What is standard output and error at once stays one, and what is written to it keeps its order. Terminals, sockets, /dev/null and a nameless pipe as
 * standard input stay what they are. Disposing ends what has not ended by itself.
 */
export function carryStreams(): CarriedStreams {
  const open = new Set<number>();
  const input = openCarried(0, open);
  const output = openCarried(1, open);
  const error = openCarried(2, open, output);
  const over = new AbortController();
  return {
    stdio: [input?.pipe.read ?? "inherit", output?.pipe.write ?? "inherit", error?.pipe.write ?? "inherit"],
    carry: async (broken) => {
      const outputs = [...new Set([output, error])].filter((one) => one !== undefined);
      for (const end of [input?.pipe.read, ...outputs.map(({ pipe }) => pipe.write)]) {
        if (end !== undefined) closeSync(end);
      }
      // The streams close all others.
      open.clear();
      if (input) feed(input, over.signal);
      const failures = await Promise.all(outputs.map((one) => carryOutput(one, over.signal, broken)));
      return failures.find((failure) => failure !== undefined);
    },
    [Symbol.dispose]: () => {
      over.abort();
      for (const end of open) closeSync(end);
    },
  };
}

/** @param other what it may be the same as. */
function openCarried(fd: number, open: Set<number>, other?: Carried): Carried | undefined {
  const found = toCarry(fd);
  if (!found || found.id === other?.id) return found && other;
  const own = found.isPipe ? openAgain(fd) : "whole";
  if (own === undefined) return undefined;
  const pipe = makePipe();
  for (const end of [own, pipe.read, pipe.write]) if (typeof end === "number") open.add(end);
  return { fd, id: found.id, own, pipe };
}

/** Undefined for what stays as it is, and for what is closed. */
function toCarry(fd: number): { readonly id: string; readonly isPipe: boolean } | undefined {
  try {
    const stats = fstatSync(fd, { bigint: true });
    const id = `${stats.dev} ${stats.ino}`;
    if (stats.isFIFO()) return fd === 0 && isNameless(fd) ? undefined : { id, isPipe: true };
    const isDevice = stats.isBlockDevice() || (stats.isCharacterDevice() && stats.rdev !== nullDevice && !isatty(fd));
    return stats.isFile() || isDevice ? { id, isPipe: false } : undefined;
  } catch {
    return undefined;
  }
}

/** Character device 1:3, which runtimes leave alone (Linux, admin-guide/devices.txt). */
const nullDevice = 0x103n;

function isNameless(fd: number): boolean {
  return readlinkSync(`/proc/self/fd/${fd}`).startsWith("pipe:");
}

/** `whole` for a pipe that nobody reads any more, which says so at once; undefined for one of another user, which may not be opened again. */
function openAgain(fd: number): Carried["own"] | undefined {
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
  try {
    return openSync(`/proc/self/fd/${fd}`, (fd === 0 ? O_RDONLY : O_WRONLY) | O_NONBLOCK);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENXIO" ? "whole" : undefined;
  }
}

async function carryOutput(
  { fd, own, pipe }: Carried,
  over: AbortSignal,
  broken: () => void,
): Promise<SlipwayError | undefined> {
  const from = new Socket({ fd: pipe.read, readable: true, writable: false });
  try {
    if (own === "whole") await writeWhole(from, fd);
    else await pipeline(from, new Socket({ fd: own, readable: false, writable: true }), { signal: over });
    return undefined;
  } catch (error) {
    if (over.aborted) return undefined;
    // Whoever goes on writing hears it.
    from.destroy();
    broken();
    return failureOf(fd, error as NodeJS.ErrnoException);
  }
}

/** Files and devices take all that they are given at once. */
async function writeWhole(from: Socket, fd: number): Promise<void> {
  for await (const chunk of from as AsyncIterable<Uint8Array>) {
    for (let at = 0; at < chunk.length;) at += writeSync(fd, chunk, at);
  }
}

function failureOf(fd: number, cause: NodeJS.ErrnoException): SlipwayError | undefined {
  if (cause.code === "EPIPE") return undefined;
  const isFull = cause.code === "ENOSPC" || cause.code === "EDQUOT";
  return new SlipwayError({
    code: isFull ? "SLIP_DISK_FULL" : "SLIP_OUTPUT",
    message: `Cannot write to standard ${fd === 1 ? "output" : "error"}: ${cause.message}`,
    hint: "what the command wrote before is there",
    cause,
  });
}

/** The process need not read what it is given. */
function feed({ fd, own, pipe }: Carried, over: AbortSignal): void {
  const from =
    own === "whole"
      ? createReadStream("", { fd, autoClose: false })
      : new Socket({ fd: own, readable: true, writable: false });
  const to = new Socket({ fd: pipe.write, readable: false, writable: true });
  pipeline(from, to, { signal: over }).catch(() => undefined);
}
