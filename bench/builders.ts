import { join, resolve } from "node:path";
import type { Command } from "./measure.ts";

export interface BuildRequest {
  readonly context: string;
  readonly dockerfile: string;
  readonly tag: string;
  readonly noCache: boolean;
}

/** One builder's command lines. */
export interface Builder {
  readonly name: string;
  /** The name of the Debian base image for its Dockerfiles. */
  readonly base: string;
  /** How a Dockerfile names an image that it built itself. */
  local(tag: string): string;
  version(): Command;
  build(request: BuildRequest): Command;
  /** Forgets every cached step, so that the next build is cold; base images stay. */
  forget(): readonly Command[];
  /** Writes an image as an OCI archive to a file. */
  archive(tag: string, file: string): Command;
  /** Gives an image that it built the name that it is to have in a registry. */
  rename(tag: string, reference: string): Command;
  push(reference: string): Command;
  /** Brings an image from a registry and unpacks it. */
  pull(reference: string): Command;
  /** Takes away images and what was cached of them, so that the next pull finds nothing. */
  drop(references: readonly string[]): readonly Command[];
  /** Processes that do the work for the command and whose memory counts. */
  daemons(): readonly number[];
}

const repository = resolve(import.meta.dirname, "..");

/** @param program the command to measure, when it is not this repository's. */
export function slipway(dir: string, program = join(repository, "bin/slipway")): Builder {
  const command = (...argv: readonly string[]): Command => ({
    argv: [program, ...argv],
    env: { SLIPWAY_ROOT: join(dir, "slipway") },
  });
  const pulled = join(dir, "slipway-pulled");
  return {
    name: "slipway",
    base: "debian:bookworm-slim",
    local: (tag) => tag,
    version: () => command("--version"),
    build: (r) => command(...buildWords(r)),
    // --no-cache alone would still know the digests of files that it has seen.
    forget: () => [{ argv: ["rm", "-rf", join(dir, "slipway/statcache")] }],
    archive: (tag, file) => command("save", "-o", file, tag),
    rename: (tag, reference) => command("tag", tag, reference),
    push: (reference) => command("push", "-q", reference),
    pull: (reference) => ({ argv: [program, "pull", "-q", reference], env: { SLIPWAY_ROOT: pulled } }),
    drop: () => [{ argv: ["rm", "-rf", pulled] }],
    daemons: () => [],
  };
}

/** @param peers the chroot that the peers run in, or none for those on PATH. */
export function docker(peers: string | undefined, daemon: number | undefined): Builder {
  const command = (...argv: readonly string[]): Command => ({
    argv: [...inside(peers), "docker", ...argv],
    env: { DOCKER_BUILDKIT: "1" },
  });
  return {
    name: "docker",
    base: "base",
    local: (tag) => tag,
    version: () => command("version", "--format", "{{.Server.Version}}"),
    build: (r) => command(...buildWords(r, "--network", "host")),
    forget: () => [command("builder", "prune", "-af")],
    archive: (tag, file) => command("save", "-o", file, tag),
    rename: (tag, reference) => command("tag", tag, reference),
    push: (reference) => command("push", "-q", reference),
    pull: (reference) => command("pull", "-q", reference),
    drop: (references) => [command("rmi", "-f", ...references), command("builder", "prune", "-af")],
    daemons: () => (daemon === undefined ? [] : [daemon]),
  };
}

export function buildah(peers: string | undefined): Builder {
  const command = (...argv: readonly string[]): Command => ({ argv: [...inside(peers), "buildah", ...argv] });
  return {
    name: "buildah",
    base: "localhost/base",
    local: (tag) => `localhost/${tag}`,
    version: () => command("--version"),
    build: (r) => command(...buildWords(r, "--layers", "--isolation", "chroot", "--network", "host")),
    forget: () => [command("rmi", "--prune", "--force")],
    archive: (tag, file) => command("push", "-q", `localhost/${tag}`, `oci-archive:${file}`),
    rename: (tag, reference) => command("tag", `localhost/${tag}`, reference),
    push: (reference) => command("push", "-q", "--tls-verify=false", reference),
    pull: (reference) => command("pull", "-q", "--tls-verify=false", reference),
    drop: (references) => [command("rmi", "-f", ...references), command("rmi", "--prune", "--force")],
    daemons: () => [],
  };
}

/** What all three call the same; `own` are flags that one builder alone needs. */
function buildWords(r: BuildRequest, ...own: readonly string[]): readonly string[] {
  return ["build", "-q", ...own, ...(r.noCache ? ["--no-cache"] : []), "-f", r.dockerfile, "-t", r.tag, r.context];
}

function inside(peers: string | undefined): readonly string[] {
  return peers === undefined ? [] : ["chroot", peers];
}
