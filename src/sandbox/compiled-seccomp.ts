import { readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../base/index.ts";
import type { Runtime } from "./contract.ts";
import { findProgram } from "./find-program.ts";
import type { Seccomp } from "./seccomp.ts";

/** A program that the runtime runs at a moment of a container's life (OCI runtime-spec, config.md, "POSIX-platform Hooks"). */
export interface Hook {
  readonly path: string;
  readonly args: readonly string[];
}

/**
 * Compiling the filter takes crun longer than all its other work (some 15 ms for three architectures). It leaves the compiled
 * one in its state folder while the container runs and takes one as an annotation, so the first run's is kept for the others.
 */
export interface CompiledSeccomp {
  readonly annotations: Readonly<Record<string, string>>;
  /** For after the start of the container. */
  readonly hooks: readonly Hook[];
  /** Called when the container has ended. */
  readonly keep: () => void;
}

/** A hook that does not read its standard input makes crun fail now and then. */
const copy = 'cat >/dev/null; exec cp "$1" "$2"';
const known = new Map<string, string>();

/** @param container its id; @param state the runtime's state folder. */
export function compiledSeccomp(filter: Seccomp, runtime: Runtime, state: string, container: string): CompiledSeccomp {
  const none = { annotations: {}, hooks: [], keep: () => undefined };
  if (runtime.name !== "crun") return none;
  const key = digestOf({ filter, path: runtime.path }).slice("sha256:".length, "sha256:".length + 32);
  const file = join(state, `seccomp-${key}.bpf`);
  const compiled = known.get(file) ?? read(file);
  if (compiled !== undefined) {
    known.set(file, compiled);
    return { ...none, annotations: { "run.oci.seccomp_bpf_data": compiled } };
  }
  const shell = findProgram("sh");
  if (shell === undefined) return none;
  const temporary = join(state, `${container}.bpf`);
  return {
    annotations: {},
    hooks: [{ path: shell, args: ["sh", "-c", copy, "sh", join(state, container, "seccomp.bpf"), temporary] }],
    keep: () => {
      if (read(temporary) !== undefined) renameSync(temporary, file);
      else rmSync(temporary, { force: true });
    },
  };
}

/** A whole program of the kernel's packet filter (8 bytes an instruction) as base64. */
function read(file: string): string | undefined {
  try {
    const bytes = readFileSync(file);
    return bytes.length > 0 && bytes.length % 8 === 0 ? bytes.toString("base64") : undefined;
  } catch {
    return undefined;
  }
}
