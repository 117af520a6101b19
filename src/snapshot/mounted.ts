import { setTimeout as sleep } from "node:timers/promises";
import { type Mount, SlipwayError } from "../base/index.ts";

// Loaded with the first mount: the FFI costs a start-up some milliseconds.
const syscalls = () => import("../base/syscalls.ts");

/** Mounts a root file system on a folder. */
export async function mountRoot(mounts: readonly Mount[], folder: string): Promise<void> {
  try {
    (await syscalls()).mountAll(mounts, folder);
  } catch (error) {
    throw new SlipwayError({
      code: "SLIP_SANDBOX",
      message: `Cannot mount a root file system: ${(error as Error).message}`,
      hint: "overlayfs is needed, inside a mount namespace of slipway's own",
      cause: error,
    });
  }
}

/** Unmounts what nothing may use any more. Waits a moment, because the kernel frees a killed process's files a little after its end. */
export async function unmountIdle(folder: string): Promise<void> {
  const { unmount } = await syscalls();
  for (let wait = 1; ; wait *= 2) {
    try {
      unmount(folder);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBUSY" || wait > 256) throw error;
    }
    await sleep(wait);
  }
}

/** Takes a mount away whoever still uses it. */
export async function unmountNow(folder: string): Promise<void> {
  (await syscalls()).unmount(folder, { detach: true });
}
