import { vertex } from "../graph/index.ts";
import type { Platform } from "../oci/index.ts";
import { defaultPath } from "./scope.ts";
import type { StageBase } from "./stage.ts";

/** The empty file system. */
export const scratch = vertex({ kind: "scratch" }, [], { text: "FROM scratch" });

/** What BuildKit gives a stage that starts from nothing. */
export function emptyBase(platform: Platform): StageBase {
  const windows = platform.os === "windows";
  const config = windows ? { WorkingDir: "\\" } : { Env: [`PATH=${defaultPath}`], WorkingDir: "/" };
  return { fs: scratch, platform, config, image: undefined, history: [], author: undefined, args: new Map() };
}
