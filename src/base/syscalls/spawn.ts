import { libc, systemError } from "./native.ts";

/** A process that was started and has not been waited for. */
export interface SpawnedProcess {
  readonly pid: number;
  /** How it ended: its exit code, or the number of the signal. */
  readonly ended: Promise<{ readonly code: number } | { readonly signal: number }>;
}

/** Descriptors of this process that become standard input, output and error of the new one. */
export type StandardStreams = readonly [stdin: number, stdout: number, stderr: number];

// sys/types of glibc and musl on 64 bits: both structures are smaller (spawn.h)
const actionsSize = 256;
const attributesSize = 1024;
/** sigset_t */
const signalsSize = 128;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
const WNOHANG = 1;

/**
 * Starts a program in a session of its own, with the standard streams given and no other open file. Node's own way copies the page tables of
 * this process first, which takes 4 ms and more when it is large; posix_spawn(3) does not.
 * @param env `NAME=value`, all of it.
 * Throws the kernel's error when the program cannot be started.
 */
export function spawnProcess(
  path: string,
  args: readonly string[],
  env: readonly string[],
  streams: StandardStreams,
): SpawnedProcess {
  const { spawn } = libc();
  const actions = new Uint8Array(actionsSize);
  const attributes = new Uint8Array(attributesSize);
  check(spawn.actionsInit(actions), path);
  check(spawn.attributesInit(attributes), path);
  try {
    streams.forEach((fd, target) => check(spawn.addDup2(actions, fd, target), path));
    check(spawn.setFlags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID), path);
    // Node ignores some, and what is ignored stays so in a new program
    check(spawn.setSignalDefault(attributes, new Uint8Array(signalsSize).fill(0xff, 0, 8)), path);
    check(spawn.setSignalMask(attributes, new Uint8Array(signalsSize)), path);
    listen();
    const pid = new Int32Array(1);
    try {
      check(spawn.start(pid, path, actions, attributes, [path, ...args, null], [...env, null]), path);
    } catch (error) {
      forget();
      throw error;
    }
    return wait(pid[0] as number);
  } finally {
    spawn.actionsDestroy(actions);
    spawn.attributesDestroy(attributes);
  }
}

/** These functions return the error instead of setting errno. */
function check(error: number, path: string): void {
  if (error !== 0) throw systemError(error, "spawn", path);
}

type End = Awaited<SpawnedProcess["ended"]>;

/** Those that run, by id. */
const running = new Map<number, (end: End) => void>();
let users = 0;
/** Keeps this process alive while others run, which listening to a signal does not. */
let clock: NodeJS.Timeout | undefined;

/** Node hears of SIGCHLD as long as anything runs. Processes that it started itself it waits for by their own ids. */
function listen(): void {
  if (users++ > 0) return;
  process.on("SIGCHLD", collect);
  clock = setInterval(collect, 1000);
}

function forget(): void {
  if (--users > 0) return;
  process.off("SIGCHLD", collect);
  clearInterval(clock);
}

function wait(pid: number): SpawnedProcess {
  const ended = new Promise<End>((resolve) => running.set(pid, resolve));
  // The signal may have come before anybody waited.
  setImmediate(collect);
  return { pid, ended };
}

function collect(): void {
  const status = new Int32Array(1);
  for (const [pid, resolve] of running) {
    if (libc().spawn.waitpid(pid, status, WNOHANG) !== pid) continue;
    running.delete(pid);
    forget();
    resolve(endOf(status[0] as number));
  }
}

/** waitpid(2): the low byte is the signal, the next one the code. */
function endOf(status: number): End {
  const signal = status & 0x7f;
  return signal === 0 ? { code: (status >> 8) & 0xff } : { signal };
}
