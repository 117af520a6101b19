import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { SlipwayError } from "../base/index.ts";
import type { Store } from "../store/index.ts";
import type { SnapshotView } from "./contract.ts";
import { mountRoot, unmountNow } from "./mounted.ts";
import { rootMounts } from "./overlay.ts";

/** A look at layers that cannot write into them, even as root. */
export function openView(store: Store, layers: readonly string[], xattrs: "trusted" | "user"): SnapshotView {
  const mounts = rootMounts(layers, undefined, xattrs);
  let folder: string | undefined;
  let mounting: Promise<string> | undefined;
  let done = false;

  const mount = async (): Promise<string> => {
    folder = store.scratch();
    const mountPoint = join(folder, "root");
    mkdirSync(mountPoint);
    try {
      await mountRoot(mounts, mountPoint);
    } catch (error) {
      rmdirSync(mountPoint);
      rmdirSync(folder);
      folder = undefined;
      throw error;
    }
    return mountPoint;
  };

  return {
    mounts,
    root: () => {
      if (done) {
        const message = "Cannot mount a view that was disposed of";
        return Promise.reject(new SlipwayError({ code: "SLIP_INTERNAL", message }));
      }
      return (mounting ??= mount());
    },
    [Symbol.asyncDispose]: async () => {
      if (done) return;
      done = true;
      const mountPoint = await mounting?.catch(() => undefined);
      if (mountPoint === undefined || folder === undefined) return;
      await unmountNow(mountPoint);
      rmdirSync(mountPoint);
      rmdirSync(folder);
    },
  };
}
