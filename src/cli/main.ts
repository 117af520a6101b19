import { errorCodes } from "../base/index.ts";
import { runCli } from "./cli.ts";
import type { Io } from "./io.ts";

/** The command `slipway`: the process around runCli. */

const abort = new AbortController();
const exits: (() => void)[] = [];
process.on("exit", () => {
  for (const action of exits.splice(0)) action();
});

/**
 * The first interrupt cancels and lets the work clean up, the second ends the process. Where the command passes signals on, this
 * listener stays all the same: one that came while it was being taken away would be lost.
 */
const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
let interrupted: number | undefined;
let passing = false;
const onSignal = (name: NodeJS.Signals): void => {
  const code = codes[name as keyof typeof codes];
  if (passing && process.listenerCount(name) > 1) return;
  if (passing) process.exit(code);
  if (interrupted !== undefined) process.exit(code);
  interrupted = code;
  abort.abort();
};
for (const name of Object.keys(codes)) process.on(name, onSignal);

/** A reader that went away (`slipway images | head -1`) is no error; a list that did not arrive whole is one. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`ERROR: Cannot write standard output: ${error.message} (SLIP_OUTPUT)\n`);
  process.exit(errorCodes.SLIP_OUTPUT);
});
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 1 : errorCodes.SLIP_OUTPUT);
});

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  // Not process.stdin.isTTY: looking at it opens the stream.
  stdinIsTTY: () => process.getBuiltinModule("node:tty").isatty(0),
  readLine: async () => {
    const { createInterface } = await import("node:readline");
    const lines = createInterface({ input: process.stdin, signal: abort.signal });
    for await (const line of lines) return line;
    return undefined;
  },
  readSecret: async () => {
    const { readSecret } = await import("./read-secret.ts");
    return process.stdin.isTTY ? readSecret(process.stdin, () => process.kill(process.pid, "SIGINT")) : undefined;
  },
  env: process.env,
  now: Date.now,
  signal: abort.signal,
  atExit: (action) => void exits.push(action),
  library: () => import("../index.ts"),
};

async function main(): Promise<void> {
  const exitCode = await runCli(process.argv.slice(2), io, {
    onPassesSignals: () => {
      passing = true;
    },
  });
  // Writing to a pipe waits for its reader as long as no other process that has the pipe says otherwise.
  await Promise.all([written(process.stdout), written(process.stderr)]);
  process.exit(exitCode === 130 ? (interrupted ?? 130) : exitCode);
}

/** Resolves when all that was written has gone out; what went wrong is told to the stream's listener first. A disk that others filled is no error for who writes nothing. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0) return new Promise((done) => setImmediate(done));
  return new Promise((done) => stream.write("", (error) => (error ? setImmediate(done) : done())));
}

void main();
