import { readdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Ctx, makeFolder, SlipwayError, WorkerPool } from "../base/index.ts";
import type { ExportResult, LocalExportOptions } from "./contract.ts";
import type { CopiedTree, CopyTreeJob } from "./copy-tree.ts";
import { besides, outputError } from "./output.ts";

/**
 * Copies root file systems into a folder. A new folder appears whole or not at all; in one that is there files of the same name are
 * replaced; the others stay, or with `clean` go when all is copied. Files belong to whoever runs it, without setuid bits; devices, fifos and sockets are left out
 * with a warning.
 * @param roots mounted root folders; no two may have the same file
 * @throws SLIP_OUTPUT
 */
export async function exportLocal(
  roots: readonly string[],
  { dest, epoch, clean = false }: LocalExportOptions,
  ctx: Ctx,
): Promise<ExportResult> {
  if (dest === "-") {
    throw new SlipwayError({
      code: "SLIP_OUTPUT",
      message: "Cannot write a folder to standard output",
      hint: "give dest= a folder, or use type=tar",
    });
  }
  const location = resolve(dest);
  try {
    const there = await contents(location);
    const into = there === undefined ? besides(location) : location;
    makeFolder(into);
    try {
      const { size, leftOut } = await copy(
        { from: roots, to: into, epoch, clean: clean && into === location },
        ctx.signal,
      );
      if (into !== location) await rename(into, location);
      if (leftOut > 0) {
        ctx.emit({
          type: "warning",
          message: `${leftOut} devices, fifos or sockets were left out of "${location}"`,
          hint: "type=tar keeps devices and fifos",
        });
      }
      return { location, size };
    } catch (error) {
      if (into !== location) await rm(into, { recursive: true, force: true });
      else if (there === 0) await empty(location);
      throw error;
    }
  } catch (error) {
    throw outputError(location, error);
  }
}

/** Number of names in a folder, or undefined when there is none. */
async function contents(path: string): Promise<number | undefined> {
  try {
    return (await readdir(path)).length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
}

async function copy(job: Omit<CopyTreeJob, "cancel">, signal: AbortSignal): Promise<CopiedTree> {
  if (signal.aborted) throw new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled" });
  using pool = new WorkerPool("export/worker", { size: 1 });
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  const abort = (): void => {
    cancel[0] = 1;
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await pool.call<CopiedTree>("copyTree", { ...job, cancel } satisfies CopyTreeJob);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
