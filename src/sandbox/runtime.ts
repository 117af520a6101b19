import { spawnSync } from "node:child_process";
import { SlipwayError } from "../base/index.ts";
import type { Runtime } from "./contract.ts";
import { findProgram, isProgram } from "./find-program.ts";

/**
 * The OCI runtime of this machine: SLIPWAY_RUNTIME (a path or a name), otherwise crun or runc from PATH, whichever answers first.
 * @returns undefined when there is none; then one can be brought (see runtimeFromTree).
 * Throws SLIP_SANDBOX when SLIPWAY_RUNTIME names something else.
 */
export function findRuntime(): Runtime | undefined {
  const chosen = process.env["SLIPWAY_RUNTIME"];
  if (chosen !== undefined && chosen !== "") return chosenRuntime(chosen);
  for (const name of ["crun", "runc"]) {
    const path = findProgram(name);
    const runtime = path === undefined ? undefined : identify(path);
    if (runtime) return runtime;
  }
  return undefined;
}

/** Asks a program which runtime it is; undefined when it is none or does not start. */
export function identify(path: string, env?: Readonly<Record<string, string>>): Runtime | undefined {
  const options = { encoding: "utf8", env, timeout: 10_000, detached: true } as const;
  const { status, stdout } = spawnSync(path, ["--version"], options);
  if (status !== 0) return undefined;
  const name = (["crun", "runc"] as const).find((known) => stdout.startsWith(`${known} version`));
  return name && { name, path, env };
}

/** The arguments that come before the runtime's command. @param state its own folder, shared by all its containers. */
export function runtimeArguments(runtime: Runtime, state: string): readonly string[] {
  return ["--root", state, ...(runtime.name === "crun" ? ["--cgroup-manager=disabled"] : [])];
}

export function runtimeEnvironment(runtime: Runtime): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], ...runtime.env };
}

function chosenRuntime(chosen: string): Runtime {
  const path = chosen.includes("/") ? chosen : findProgram(chosen);
  const runtime = path !== undefined && isProgram(path) ? identify(path) : undefined;
  if (runtime) return runtime;
  throw new SlipwayError({
    code: "SLIP_SANDBOX",
    message: `Cannot use the OCI runtime ${JSON.stringify(chosen)} of SLIPWAY_RUNTIME: it is neither a working crun nor runc`,
    hint: "unset SLIPWAY_RUNTIME to let slipway find one or bring its own",
  });
}
