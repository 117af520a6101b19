import type { Ctx } from "../../base/index.ts";
import { type BaseLock, currentRecipePackages, lockRecipe } from "../../debian/index.ts";
import { formatPlatform } from "../../oci/index.ts";
import { withoutPassword } from "../../fetch/index.ts";
import type { LockBaseOptions } from "../api/base-lock-api.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import type { Plain } from "../engine/protocol.ts";
import { basePlatforms } from "./base-platforms.ts";
import { debianArch } from "./debian-arch.ts";
import { readBaseFile } from "./own-base-files.ts";

/** The engine's part of `lockBase`: what the archive has now. */
export async function lockBaseInEngine(
  { file, archs, debianMirror }: Plain<LockBaseOptions>,
  { store, keyring }: Engine,
  ctx: Ctx,
): Promise<{ readonly lock: BaseLock }> {
  const read = await readBaseFile({ name: file });
  if (!read) throw new Error("no file that describes a base");
  const { base } = read;
  const cache = { folder: store.path("debian", "."), blobs: store.blobs };
  const found = [];
  for (const platform of basePlatforms(archs?.length ? archs : base.archs)) {
    const step = `lock ${base.name} ${formatPlatform(platform)}`;
    const started = Date.now();
    announce(ctx, step, `look up the packages of ${base.name} for ${formatPlatform(platform)}`);
    try {
      const recipe = base.recipe(debianArch(platform));
      const { archive, ...packages } = await currentRecipePackages(
        recipe,
        { mirror: debianMirror, keyring, step },
        { cache, ctx },
      );
      found.push(lockRecipe(archive, recipe, packages));
      ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note: archive.origin });
    } catch (error) {
      endFailed(ctx, step, started, error);
      throw error;
    }
  }
  return {
    lock: {
      suite: base.suite,
      mirror: debianMirror === undefined ? undefined : withoutPassword(debianMirror).replace(/\/+$/, ""),
      releases: found.at(-1)?.releases ?? [],
      archs: found.map(({ arch }) => arch),
    },
  };
}
