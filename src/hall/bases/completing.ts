import { type Ctx, toSlipwayError } from "../../base/index.ts";
import type { ArchiveChoice, DebianArch } from "../../debian/index.ts";
import type { Store } from "../../store/index.ts";

/** A file that a package of the archive may have. */
export interface MissingFile {
  readonly kind: "library" | "program";
  /** `libfoo.so.1`, `perl`. */
  readonly name: string;
}

export interface Completing {
  /** Packages by the name of what they have, the likeliest first. */
  readonly packages: ReadonlyMap<string, readonly string[]>;
  /** Why nobody looked, in words. */
  readonly unasked?: string | undefined;
}

/** Finds the packages of a suite that have some files. An archive that cannot be asked is told, and no error. */
export async function completing(
  missing: readonly MissingFile[],
  archive: ArchiveChoice & { readonly suite: string; readonly arch: DebianArch },
  store: Pick<Store, "path" | "blobs">,
  ctx: Ctx,
): Promise<Completing> {
  if (missing.length === 0) return { packages: new Map() };
  const { openContents } = await import("../../debian/index.ts");
  const cache = { folder: store.path("debian", "."), blobs: store.blobs };
  try {
    const contents = await openContents({ ...archive, cache, ctx });
    const found = missing.map(
      ({ kind, name }) => [name, kind === "library" ? contents.library(name) : contents.program(name)] as const,
    );
    return { packages: new Map(found.filter(([, packages]) => packages.length > 0)) };
  } catch (error) {
    const { code, message } = toSlipwayError(error);
    if (code === "SLIP_CANCELLED" || ctx.signal.aborted) throw error;
    return { packages: new Map(), unasked: `which package has it could not be looked up (${message})` };
  }
}
