import { lstatSync, mkdirSync } from "node:fs";
import { posix, resolve } from "node:path";
import { type Ctx, type Mount, SlipwayError } from "../../base/index.ts";
import { processUser, withHome } from "../../ops/index.ts";
import type { ProcessSpec, SignalSource } from "../../sandbox/index.ts";
import { type ContainerConfig, normalPlatform } from "../../oci/index.ts";
import { defaultPath } from "../../plan/index.ts";
import type { RunOptions } from "../api/api.ts";
import { checkEmulation } from "../bases/require-emulation.ts";
import { imageToRun } from "./image-to-run.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plain } from "../engine/protocol.ts";

/** The engine's part of `run`. */
export async function runInEngine(
  options: Plain<RunOptions>,
  engine: Engine,
  ctx: Ctx,
  signals: SignalSource,
): Promise<{ exitCode: number }> {
  const image = await imageToRun(options, engine, ctx);
  const config = image.config.config ?? {};
  const args = commandLine(config, options);
  const mounts = (options.volumes ?? []).map(parseVolume);
  await checkEmulation(
    { platform: normalPlatform(image.config), what: `the image ${options.image}`, top: image.snapshots.at(-1) },
    engine,
    ctx,
  );
  const executor = await engine.executor(ctx);
  await using active = await engine.snapshotter.prepare(image.snapshots.at(-1));
  const root = await active.root();
  const user = options.user ?? (config.User || undefined);
  const cwd = options.workdir ?? (config.WorkingDir || "/");
  if (!posix.isAbsolute(cwd)) {
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: `The working folder ${JSON.stringify(cwd)} is not absolute`,
    });
  }
  const process = withHome<ProcessSpec>(
    {
      root,
      readonlyRoot: options.readOnly,
      args,
      env: mergeEnv(config.Env ?? [], options),
      cwd,
      user: processUser(root, user),
      mounts,
      network: options.network ?? "host",
      hostname: options.hostname ?? image.id.slice(7, 19),
      terminal: options.tty,
      signals,
      terminalSize: options.terminalSize,
      stdio: { type: "inherit" },
    },
    root,
    user,
  );
  // Awaited here: the snapshot must outlive the process.
  return await executor.run(process, ctx);
}

/** ENTRYPOINT and CMD as `docker run` joins them: arguments replace CMD, another entry point drops both. */
function commandLine(config: ContainerConfig, options: Plain<RunOptions>): readonly string[] {
  const given = options.args ?? [];
  const entrypoint =
    options.entrypoint === undefined
      ? (config.Entrypoint ?? [])
      : options.entrypoint === ""
        ? []
        : [options.entrypoint];
  const rest = given.length > 0 || options.entrypoint !== undefined ? given : (config.Cmd ?? []);
  const args = [...entrypoint, ...rest];
  if (args.length > 0) return args;
  throw new SlipwayError({
    code: "SLIP_USAGE",
    message: `The image ${options.image} has neither ENTRYPOINT nor CMD, and no command was given`,
    hint: `write the command behind the image: slipway run ${options.image} COMMAND`,
  });
}

/** The image's variables, then those of the command line; a bare NAME takes this process's value. */
function mergeEnv(image: readonly string[], options: Plain<RunOptions>): readonly string[] {
  const merged = new Map<string, string>([["PATH", defaultPath]]);
  if (options.tty) merged.set("TERM", "xterm");
  for (const variable of [...image, ...(options.env ?? [])]) {
    const at = variable.indexOf("=");
    const value = at < 0 ? process.env[variable] : variable.slice(at + 1);
    if (value !== undefined) merged.set(at < 0 ? variable : variable.slice(0, at), value);
  }
  return [...merged].map(([name, value]) => `${name}=${value}`);
}

/** `HOST:CONTAINER[:ro|rw]`; a host folder that is not there is made, as docker does. */
export function parseVolume(text: string): Mount {
  const [source = "", target = "", mode = "rw", ...more] = text.split(":");
  if (!target.startsWith("/") || !["ro", "rw"].includes(mode) || more.length > 0) {
    const message = `Invalid volume ${JSON.stringify(text)}`;
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message,
      hint: "write HOST:CONTAINER[:ro], the second path absolute",
    });
  }
  const path = resolve(source);
  if (!/^[./~]/.test(source)) {
    const message = `The named volume ${JSON.stringify(source)} is not supported yet`;
    throw new SlipwayError({ code: "SLIP_UNSUPPORTED", message, hint: `give a path: ./${source}` });
  }
  try {
    if (!lstatSync(path, { throwIfNoEntry: false })) mkdirSync(path, { recursive: true });
  } catch (cause) {
    const message = `Cannot mount ${path} on ${target}: ${(cause as Error).message}`;
    throw new SlipwayError({ code: "SLIP_USAGE", message, cause });
  }
  return { type: "bind", source: path, target, options: mode === "ro" ? ["rbind", "ro"] : ["rbind"] };
}
