import { SlipwayError } from "../../../base/index.ts";
import { type SuggestFacts, suggestRoot } from "../../../inspect/index.ts";
import type { Engine } from "../../engine/engine.ts";
import { findImage } from "../../images/find-image.ts";

/** The engine's part of `suggestBase`: an image's files have to be mounted. */
export async function suggestInEngine(
  { image, platform }: { readonly image: string; readonly platform?: string | undefined },
  { store, snapshotter }: Engine,
): Promise<SuggestFacts> {
  const { config, snapshots } = findImage(store, image, platform);
  const top = snapshots.at(-1);
  if (top === undefined) {
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: `Cannot tell a base for ${image}: it has no files`,
      hint: "name an image with a program in it",
    });
  }
  await using view = await snapshotter.view(top);
  const { Entrypoint, Cmd, Env, WorkingDir } = config.config ?? {};
  return await suggestRoot({
    root: await view.root(),
    subject: {
      kind: "image",
      architecture: config.architecture,
      entrypoint: Entrypoint ?? [],
      cmd: Cmd ?? [],
      env: Env ?? [],
      workdir: WorkingDir ?? "/",
    },
  });
}
