import { chmod, chown, mkdir } from "node:fs/promises";
import type { Ctx } from "../base/index.ts";
import { progress } from "./archive.ts";
import type { DebianPackage, OwnerPolicy } from "./contract.ts";
import type { UnpackedPackage } from "./dpkg-database.ts";
import type { DebContents } from "./read-deb.ts";
import { RootFiles } from "./root-files.ts";
import { debianWorkers } from "./debian-workers.ts";
import type { UnpackDebJob } from "./unpack-deb.ts";

export interface UnpackJob {
  readonly root: string;
  readonly packages: readonly DebianPackage[];
  /** The file of each. */
  readonly debs: readonly string[];
  readonly owner: OwnerPolicy;
  /** The archive's own folder: what is unpacked is kept there for the next base. */
  readonly keepIn?: string | undefined;
  /** Only these paths of each, as in UnpackDebJob. */
  readonly only?: readonly string[] | undefined;
  readonly ctx: Ctx;
  /** The step that hears of the progress. */
  readonly step?: string | undefined;
}

/**
 * Unpacks packages into a root, several at once and with the same result. base-files goes first: it ships the folders, and in newer releases
 * the links, that the others unpack into.
 */
export async function unpackPackages(job: UnpackJob): Promise<readonly UnpackedPackage[]> {
  const { ctx } = job;
  const unpack = await packageUnpacker(job.keepIn);
  let done = 0;
  const unpackOne = async (at: number): Promise<UnpackedPackage> => {
    const entry = job.packages[at];
    if (!entry) throw new Error("no such package");
    ctx.signal.throwIfAborted();
    const contents = await unpack(entry, job.debs[at] ?? "", { into: job.root, owner: job.owner, only: job.only });
    progress({ ctx, step: job.step }, "unpacking packages", ++done, job.packages.length);
    return { name: entry.name, architecture: entry.architecture, multiArch: entry.multiArch, contents };
  };
  const first = job.packages.findIndex((entry) => entry.name === "base-files");
  const base = first < 0 ? undefined : await unpackOne(first);
  const unpacked = await inTurns(job.packages.length, 4, (at) =>
    base && at === first ? Promise.resolve(base) : unpackOne(at),
  );
  await settleFolders(job.root, unpacked, job.owner === "keep");
  return unpacked;
}

/** Unpacks single packages in threads. @param keepIn as in UnpackJob. */
export async function packageUnpacker(
  keepIn?: string,
): Promise<
  (entry: DebianPackage, deb: string, where: Pick<UnpackDebJob, "into" | "owner" | "only">) => Promise<DebContents>
> {
  const folder = keepIn === undefined ? undefined : `${keepIn}/unpacked`;
  if (folder !== undefined) await mkdir(folder, { recursive: true });
  return ({ name, version, architecture, sha256 }, deb, where) => {
    const kept = folder === undefined ? undefined : `${folder}/${sha256}`;
    const job: UnpackDebJob = { ...where, deb, expected: { name, version, architecture }, kept };
    return debianWorkers().call<DebContents>("unpack", job);
  };
}

/** Where packages differ about a folder, the first by name decides, whichever was unpacked first. */
async function settleFolders(root: string, packages: readonly UnpackedPackage[], own: boolean): Promise<void> {
  const first = new Map<string, string>();
  const differing = new Map<string, { readonly mode: number; readonly uid: number; readonly gid: number }>();
  const facts = new Map<string, { readonly mode: number; readonly uid: number; readonly gid: number }>();
  for (const { contents } of packages) {
    for (const folder of contents.folders) {
      const text = `${folder.mode} ${folder.uid} ${folder.gid}`;
      const before = first.get(folder.path);
      if (before === undefined) {
        first.set(folder.path, text);
        facts.set(folder.path, folder);
      } else if (before !== text) differing.set(folder.path, facts.get(folder.path) ?? folder);
    }
  }
  const files = new RootFiles(root);
  for (const [folder, fact] of differing) {
    const full = files.path(Buffer.from(folder, "latin1").toString("utf8"));
    if (own) await chown(full, fact.uid, fact.gid);
    await chmod(full, fact.mode & 0o7777);
  }
}

async function inTurns<T>(count: number, parallel: number, action: (at: number) => Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  let next = 0;
  let failed = false;
  const line = async (): Promise<void> => {
    while (next < count && !failed) {
      const at = next++;
      try {
        results[at] = await action(at);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lines = await Promise.allSettled(Array.from({ length: parallel }, line));
  for (const result of lines) if (result.status === "rejected") throw result.reason;
  return results;
}
