import { serve } from "../base/index.ts";
import { syncFs } from "../base/syscalls.ts";
import { measureTree, removeTree } from "./tree.ts";

/** The store's long synchronous work. */
export const storeHandlers = { measureTree: (path: string) => measureTree(path), removeTree, syncFs } as const;

serve("store/worker", storeHandlers);
