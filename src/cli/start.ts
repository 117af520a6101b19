import { existsSync } from "node:fs";
import { createRequire, enableCompileCache } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { entryPoint } from "../base/index.ts";
import { defaultStoreRoot } from "../store/index.ts";

/**
 * What the bundled command starts with. Node keeps the compiled program in the store, which belongs to whoever runs it, and later
 * starts, the engine's too, are some milliseconds shorter. A store that is not there is not made for that.
 */
const store = defaultStoreRoot();
if (existsSync(store)) enableCompileCache((process.env["NODE_COMPILE_CACHE"] ??= join(store, "compiled")));
createRequire(import.meta.url)(fileURLToPath(entryPoint("cli/main")));
