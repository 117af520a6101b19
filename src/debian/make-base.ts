import { chmod, chown, mkdir, symlink } from "node:fs/promises";
import { SlipwayError } from "../base/index.ts";
import type { ContainerConfig } from "../oci/index.ts";
import { openArchive, progress } from "./archive.ts";
import { basePackages } from "./base-packages.ts";
import { prepareConfigure } from "./configure-script.ts";
import type { Archive, BaseRooms, DebianArch, MadeBase, MakeBaseOptions } from "./contract.ts";
import { writeAptSources, writeDockerFiles, writeExtendedStates } from "./docker-files.ts";
import { type UnpackedPackage, writeDpkgDatabase } from "./dpkg-database.ts";
import { RootFiles } from "./root-files.ts";
import { debianWorkers } from "./debian-workers.ts";
import { unpackPackages } from "./unpack-packages.ts";
import { withoutMirror } from "./without-mirror.ts";

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The configuration of every `debian` image. */
export const baseConfig: ContainerConfig = { Env: [`PATH=${path}`], Cmd: ["bash"] };

/**
 * Makes `debian:<suite>[-slim]` from the signed archive: the packages of Docker's official image, unpacked here, configured by dpkg in the
 * sandbox, with Docker's settings, and cleaned so that the same state of the archive gives the same files and times.
 *
 * Works for root, for the root of a user namespace with sub-ids, and with `owner: "squash"` for a namespace with one id, where everything
 * belongs to root.
 *
 * Packages configure themselves by running programs of their architecture: whoever calls sees to it that the machine runs them.
 *
 * @throws SLIP_NETWORK and SLIP_VERIFY as openArchive does; SLIP_PACKAGE, with dpkg's output, when configuring fails.
 */
export async function makeBase(options: MakeBaseOptions, rooms: BaseRooms): Promise<MadeBase> {
  const { cache, ctx, snapshotter } = rooms;
  const archive = await openArchive({ ...options, cache, ctx });
  const packages = basePackages(archive);
  const debs = await archive.fetch(packages);

  await using active = await snapshotter.prepare();
  const root = await active.root();
  const epoch = Math.floor(archive.date / 1000);
  await makeSkeleton(root, options.arch);
  const { owner, step } = options;
  const unpacked = await unpackPackages({ root, packages, debs, owner, step, ctx });
  const files = new RootFiles(root);
  writeDpkgDatabase(files, unpacked);
  writeDockerFiles(files, options);
  await configure(options, rooms, { root, unpacked, epoch });
  writeAptSources(files, { ...archive, suites: sourceSuites(archive, options.pinned) });
  writeExtendedStates(files, packages, options.arch);
  await debianWorkers().call("clean", { root, slim: options.slim, epoch });
  const snapshot = await active.commit();

  const created = new Date(epoch * 1000).toISOString().replace(".000Z", "Z");
  const name = `debian:${options.pinned ? archive.codename : options.suite}${options.slim ? "-slim" : ""}`;
  return {
    snapshot,
    created,
    architecture: options.arch,
    config: baseConfig,
    history: [
      {
        created,
        created_by: `slipway: ${name} from ${withoutMirror(archive.origin)}`,
        comment: "made from the Debian archive",
      },
    ],
    origin: archive.origin,
    packages,
  };
}

/** A merged /usr before anything is unpacked, so that packages that still ship /bin or /lib unpack into it. */
async function makeSkeleton(root: string, arch: DebianArch): Promise<void> {
  await chmod(root, 0o755);
  await chown(root, 0, 0);
  for (const name of ["bin", "sbin", "lib", ...(arch === "amd64" || arch === "ppc64el" ? ["lib64"] : [])]) {
    await mkdir(`${root}/usr/${name}`, { recursive: true });
    await symlink(`usr/${name}`, `${root}/${name}`);
  }
}

async function configure(
  options: MakeBaseOptions,
  rooms: BaseRooms,
  job: { readonly root: string; readonly unpacked: readonly UnpackedPackage[]; readonly epoch: number },
): Promise<void> {
  const { ctx, executor } = rooms;
  const total = job.unpacked.length;
  let done = 0;
  let pending = "";
  const output: string[] = [];
  progress({ ctx, step: options.step }, "configuring packages", 0, total);
  const onOutput = (stream: "stdout" | "stderr", chunk: Uint8Array): void => {
    const text = Buffer.from(chunk).toString("utf8");
    output.push(text);
    if (options.step !== undefined) ctx.emit({ type: "step-output", id: options.step, stream, text });
    if (stream === "stderr") return;
    const lines = (pending + text).split("\n");
    pending = lines.pop() ?? "";
    const configured = lines.filter((line) => line.startsWith("Setting up ")).length;
    if (configured > 0) progress({ ctx, step: options.step }, "configuring packages", (done += configured), total);
  };
  const { exitCode } = await executor.run(
    {
      root: job.root,
      args: ["/bin/sh", "-e", "-c", prepareConfigure(new RootFiles(job.root), job.unpacked, options.arch)],
      env: [
        `PATH=${path}`,
        "HOME=/root",
        "LC_ALL=C.UTF-8",
        "DEBIAN_FRONTEND=noninteractive",
        "DEBCONF_NONINTERACTIVE_SEEN=true",
        "DEBCONF_NOWARNINGS=yes",
        `SOURCE_DATE_EPOCH=${job.epoch}`,
      ],
      cwd: "/",
      user: { uid: 0, gid: 0, additionalGids: [] },
      mounts: [],
      network: "none",
      stdio: { type: "pipe", onOutput },
    },
    ctx,
  );
  if (exitCode === 0) return;
  throw new SlipwayError({
    code: "SLIP_PACKAGE",
    message: `Cannot configure the packages of debian:${options.suite}: dpkg ended with code ${exitCode}`,
    hint: "its output says which package failed",
    output: output.join(""),
  });
}

/** `stable` keeps following its release in the image's apt sources; a pinned name stays with the release that it is today. */
function sourceSuites(archive: Archive, pinned: boolean): readonly string[] {
  return archive.releases.map(
    (release) => (pinned ? archive.codename : archive.suite) + release.suite.slice(archive.codename.length),
  );
}
