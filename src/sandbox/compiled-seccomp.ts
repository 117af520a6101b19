import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../base/index.ts";
import type { Runtime } from "./contract.ts";
import { runtimeArguments, runtimeEnvironment } from "./runtime.ts";
import type { Seccomp } from "./seccomp.ts";

/** Annotations of config.json that spare the runtime the compiling of the filter. */
export type CompiledSeccomp = Readonly<Record<string, string>>;

/** Longer than any machine takes; without the compiled filter everything works, only slower. */
const patience = 10_000;

/**
 * Compiling the filter takes crun longer than all its other work (15 ms and more for three architectures, each time). It takes
 * a compiled one as an annotation, and leaves its own in the folder of a container that was created and not started. So the
 * first process of a state folder is created once to no other end, and the filter kept for all that come.
 * @param state the runtime's state folder.
 * @param config the config.json of a process that could run now; it is not run.
 * @returns no annotations where the runtime gives nothing away. Never throws for that.
 */
export async function compiledSeccomp(
  filter: Seccomp,
  runtime: Runtime,
  state: string,
  config: Readonly<Record<string, unknown>>,
): Promise<CompiledSeccomp> {
  if (runtime.name !== "crun") return {};
  const key = digestOf({ filter, path: runtime.path }).slice("sha256:".length, "sha256:".length + 32);
  const file = join(state, `seccomp-${key}.bpf`);
  const known = load(file);
  if (known) return annotations(known);
  const made = await compile(runtime, state, config);
  if (!made) return {};
  save(file, made);
  return annotations(made);
}

/** An empty filter says that this runtime leaves none. */
function annotations(filter: Uint8Array): CompiledSeccomp {
  return filter.length === 0 ? {} : { "run.oci.seccomp_bpf_data": Buffer.from(filter).toString("base64") };
}

async function compile(
  runtime: Runtime,
  state: string,
  config: Readonly<Record<string, unknown>>,
): Promise<Uint8Array | undefined> {
  const container = `slipway-seccomp-${randomUUID()}`;
  const bundle = join(state, `${container}.bundle`);
  mkdirSync(bundle, { mode: 0o700 });
  try {
    writeFileSync(join(bundle, "config.json"), JSON.stringify(withoutTerminal(config)));
    if (!(await succeeds(runtime, state, ["create", "--bundle", bundle, container]))) return undefined;
    return read(join(state, container, "seccomp.bpf"));
  } finally {
    await succeeds(runtime, state, ["delete", "--force", container]);
    rmSync(bundle, { recursive: true, force: true });
  }
}

/** To create a container with a terminal, a socket for it would be needed. */
function withoutTerminal(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...config, process: { ...(config["process"] as object), terminal: false } };
}

function succeeds(runtime: Runtime, state: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(runtime.path, [...runtimeArguments(runtime, state), ...args], {
    stdio: "ignore",
    env: runtimeEnvironment(runtime),
    detached: true,
    timeout: patience,
    killSignal: "SIGKILL",
  });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}

/** A whole program of the kernel's packet filter (8 bytes an instruction), or empty. */
function read(file: string): Uint8Array {
  try {
    const bytes = readFileSync(file);
    return bytes.length % 8 === 0 ? bytes : new Uint8Array();
  } catch {
    return new Uint8Array();
  }
}

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
const digestSize = 32;

/** What the file holds, unless a crash or a hand has spoiled it. */
function load(file: string): Uint8Array | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  const filter = bytes.subarray(digestSize);
  return bytes.subarray(0, digestSize).equals(sha256(filter)) ? filter : undefined;
}

function save(file: string, filter: Uint8Array): void {
  const temporary = `${file}.${randomUUID()}`;
  try {
    writeFileSync(temporary, Buffer.concat([sha256(filter), filter]), { mode: 0o600 });
    renameSync(temporary, file);
  } catch {
    // a full disk: then the next process compiles again
    rmSync(temporary, { force: true });
  }
}
