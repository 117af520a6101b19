import { type Ctx, SlipwayError } from "../../base/index.ts";
import type { ExecOp } from "../../graph/index.ts";
import { formatPlatform } from "../../oci/index.ts";
import { type FileTree, findShell, processUser, shellProcess, withHome } from "../../ops/index.ts";
import { defaultPath } from "../../plan/index.ts";
import type { ProcessSpec, SignalSource } from "../../sandbox/index.ts";
import type { SnapshotId, Store } from "../../store/index.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plain } from "../engine/protocol.ts";
import { parseVolume } from "./run-in-engine.ts";
import { listFailed } from "./shell.ts";
import type { ShellOptions } from "../api/shell-api.ts";

/** What a shell is opened in. */
interface Place {
  /** For messages. */
  readonly name: string;
  readonly snapshot: SnapshotId | undefined;
  readonly op: ExecOp;
  readonly inputs: readonly FileTree[];
  /** The program of SHELL. */
  readonly shell: string | undefined;
}

/** The engine's part of `shell`. */
export async function shellInEngine(
  options: Plain<ShellOptions>,
  engine: Engine,
  ctx: Ctx,
  signals: SignalSource,
): Promise<{ exitCode: number }> {
  const { store, snapshotter } = engine;
  const place = findPlace(options, store);
  const given = { secrets: options.secrets ?? {}, ssh: options.ssh ?? {} };
  if (Object.keys(given.secrets).length > 0) engine.keepOffDisk();
  const executor = await engine.executor(ctx);
  await using active = await snapshotter.prepare(place.snapshot);
  const root = await active.root();
  const args = options.command ?? [shellIn(root, place)];
  await using made = await shellProcess(place.op, place.inputs, root, { ...engine.rooms(ctx), given }, ctx);
  const { process } = made;
  const user = options.user ?? place.op.user;
  const spec: ProcessSpec = {
    ...process,
    args,
    env: variables(options.user === undefined ? process.env : withoutHome(process.env, place.op), options),
    cwd: options.workdir ?? process.cwd,
    user: options.user === undefined ? process.user : processUser(root, options.user),
    mounts: [...process.mounts, ...(options.volumes ?? []).map(parseVolume)],
    terminal: options.tty,
    terminalSize: options.terminalSize,
    signals,
    stdio: { type: "inherit" },
  };
  // Awaited here: the snapshot must outlive the process.
  return await executor.run(withHome(spec, root, user), ctx);
}

/** A failed step by its id, an image, then a failed step by its stage; without a name the step that failed last. */
function findPlace({ what, before }: Plain<ShellOptions>, store: Store): Place {
  const failed = listFailed(store);
  const byId = failed.find(({ info }) => what === undefined || info.id === what.toLowerCase());
  const image = byId || what === undefined ? undefined : store.images.find(what);
  if (image) {
    if (before) {
      const message = `Cannot open ${what} as it was before a step: it is an image`;
      throw new SlipwayError({ code: "SLIP_USAGE", message, hint: "--before is for steps that failed" });
    }
    const config = image.config.config ?? {};
    const op: ExecOp = {
      kind: "exec",
      platform: formatPlatform(image.config),
      args: [],
      env: config.Env ?? [],
      cwd: config.WorkingDir || "/",
      user: config.User || undefined,
      network: "host",
      mounts: [],
      files: [],
    };
    const name = `the image ${what}`;
    return { name, snapshot: image.snapshots.at(-1), op, inputs: [], shell: config.Shell?.[0] };
  }
  const found = byId ?? failed.find(({ info }) => info.stage?.toLowerCase() === what?.toLowerCase());
  if (!found) throw nothing(what);
  const { exec, snapshot } = found;
  const { op, inputs, shell, text } = exec;
  const state = before ? store.snapshots.get(snapshot)?.parent : snapshot;
  return { name: `the step ${JSON.stringify(text)}`, snapshot: state, op, inputs, shell };
}

function nothing(what: string | undefined): SlipwayError {
  if (what !== undefined) {
    return new SlipwayError({
      code: "SLIP_IMAGE_UNKNOWN",
      message: `No failed step and no image is called ${what}`,
      hint: "`slipway shell --list` lists the steps that failed last, `slipway images` the images",
    });
  }
  return new SlipwayError({
    code: "SLIP_USAGE",
    message: "No step has failed of which something is kept",
    hint: "name an image: slipway shell IMAGE",
  });
}

function shellIn(root: string, { name, shell }: Place): string {
  const found = findShell(root, shell);
  if (found !== undefined) return found;
  throw new SlipwayError({
    code: "SLIP_USAGE",
    message: `Cannot open a shell in ${name}: it has none`,
    hint: "write a program that it has behind --, or lend it one of this machine that needs no libraries: --volume /bin/busybox:/busybox -- /busybox sh",
  });
}

/** Another user has another home, unless the step or image says what it is. */
function withoutHome(env: readonly string[], op: ExecOp): readonly string[] {
  return env.filter((variable) => !variable.startsWith("HOME=") || op.env.includes(variable));
}

/** Those of the step, over a PATH; then those of the command line. */
function variables(own: readonly string[], { env = [], tty }: Plain<ShellOptions>): readonly string[] {
  const merged = new Map<string, string>([["PATH", `PATH=${defaultPath}`]]);
  if (tty) merged.set("TERM", "TERM=xterm");
  for (const variable of [...own, ...env]) merged.set(variable.split("=", 1)[0] ?? "", variable);
  return [...merged.values()];
}
