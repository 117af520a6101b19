// Bundles every entry point of src/ into flat files in dist/: one start of the command then reads few files.
import { globSync, rmSync } from "node:fs";
import { build } from "esbuild";

const entries = ["src/index.ts", "src/hall/engine-main.ts", "src/cli/main.ts", ...globSync("src/*/worker.ts")];
const name = (file) =>
  file
    .replace(/^src\//, "")
    .replace(/\.ts$/, "")
    .replaceAll("/", "-");

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: Object.fromEntries(entries.map((file) => [name(file), file])),
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  packages: "external",
  minifySyntax: true,
  sourcemap: "linked",
  define: { SLIPWAY_BUNDLE: "true" },
  logLevel: "warning",
});
