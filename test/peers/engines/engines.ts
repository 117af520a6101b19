import { spawnSync } from "node:child_process";

/** The chroot of Debian testing in which docker, podman and buildah are, with docker's daemon running (scripts/peers.sh). */
const chroot = process.env["SLIPWAY_PEERS"];

/** For `describe.skipIf`: why there are no engines here, or undefined. */
export const whyNoEngines: string | undefined =
  chroot === undefined ? "docker, podman and buildah are in a chroot: npm run peers" : undefined;
/** For the titles of what is skipped. */
export const because: string = whyNoEngines === undefined ? "" : ` (skipped: ${whyNoEngines})`;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What an engine knows of an image, as its `image inspect` says. */
export interface Inspected {
  readonly Id: string;
  readonly Architecture: string;
  readonly RootFS: { readonly Layers: readonly string[] };
  readonly Config: Readonly<Record<string, unknown>>;
}

/** A program that runs containers. Its words may name paths below /tmp, which the chroot shares. */
export interface Engine {
  readonly name: "docker" | "podman";
  /** Runs the client to its end. Throws unless the exit code is 0. */
  call(...words: readonly string[]): Ended;
  pull(reference: string, ...words: readonly string[]): void;
  /** Gives the name or id that it loaded an archive's image under. */
  load(archive: string): string;
  inspect(image: string): Inspected;
  /** Runs a container to its end, whatever its exit code. */
  run(image: string, ...words: readonly string[]): Ended;
}

export const engines: readonly Engine[] = (["docker", "podman"] as const).map((name) => {
  const insecure = name === "podman" ? ["--tls-verify=false"] : [];
  const call = (...words: readonly string[]): Ended => checked(name, words);
  return {
    name,
    call,
    pull: (reference, ...words) => void call("pull", "-q", ...insecure, ...words, reference),
    load: (archive) => {
      const found = /Loaded image(?: ID)?: (\S+)/.exec(call("load", "-q", "-i", archive).stdout)?.[1];
      if (found === undefined) throw new Error(`${name} load names no image`);
      return found;
    },
    inspect: (image) => JSON.parse(call("image", "inspect", image).stdout)[0] as Inspected,
    // No networks are set up for these engines.
    run: (image, ...words) => inside(name, ["run", "--rm", "--network=host", "--pull=never", image, ...words]),
  };
});

/** Runs a program of the chroot. Throws unless its exit code is 0. */
export function checked(program: string, words: readonly string[]): Ended {
  const ended = inside(program, words);
  if (ended.code !== 0) throw new Error(`${program} ${words.join(" ")} ended with ${ended.code}: ${ended.stderr}`);
  return ended;
}

function inside(program: string, words: readonly string[]): Ended {
  const { status, stdout, stderr, error } = spawnSync("chroot", [chroot ?? "/", program, ...words], {
    cwd: "/",
    encoding: "utf8",
    timeout: 120_000,
    env: {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/root",
      BUILDAH_ISOLATION: "chroot",
      PODMAN_IGNORE_CGROUPSV1_WARNING: "1",
    },
  });
  if (error) throw error;
  return { code: status, stdout, stderr };
}
