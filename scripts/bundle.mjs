// Bundles every entry point of src/ into flat files in dist/: one start of the command then reads few files.
// The types beside them are tsc's (tsconfig.types.json).
import { globSync, rmSync } from "node:fs";
import { build } from "esbuild";

const library = "src/index.ts";
const programs = [
  "src/cli/start.ts",
  "src/cli/main.ts",
  "src/hall/engine/engine-main.ts",
  ...globSync("src/*/worker.ts"),
];
const name = (file) =>
  file
    .replace(/^src\//, "")
    .replace(/\.ts$/, "")
    .replaceAll("/", "-");
const named = (files) => Object.fromEntries(files.map((file) => [name(file), file]));

const common = {
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node24",
  packages: "external",
  minifySyntax: true,
  sourcemap: "linked",
  logLevel: "warning",
};

for (const file of globSync("dist/*.{js,map}")) rmSync(file, { force: true });
await Promise.all([
  build({
    ...common,
    entryPoints: named([library]),
    splitting: true,
    format: "esm",
    define: { SLIPWAY_BUNDLE: "true" },
  }),
  // Processes and threads: one CommonJS file each starts 15 to 20 ms sooner than modules, which are resolved one by one and make
  // Node fill in every export of its own modules.
  build({
    ...common,
    entryPoints: named(programs),
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    define: { SLIPWAY_BUNDLE: "true", "import.meta.url": "moduleUrl" },
    banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
  }),
]);
