// Measures the built-in bases and writes src/debian/distroless/base-facts.ts: `node scripts/base-facts.ts` after `npm run build`.
// Builds all of them for amd64 and arm64 from the archive as it is now, into the store of SLIPWAY_ROOT.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInNames } from "../src/debian/distroless/built-in.ts";
import { distrolessSuites } from "../src/debian/distroless/package-lists.ts";
import { readElf } from "../src/inspect/result/elf.ts";
import { highestVersions, readVersions } from "../src/inspect/suggest/elf-versions.ts";
import { triplets } from "../src/inspect/result/libraries.ts";

const slipway = join(import.meta.dirname, "../bin/slipway");
const folder = mkdtempSync(join(tmpdir(), "slipway-bases-"));
const run = (...args: readonly string[]): string =>
  execFileSync(slipway, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
const facts: Record<string, object> = {};
for (const suite of Object.keys(distrolessSuites) as (keyof typeof distrolessSuites)[]) {
  const sizes: Record<string, Record<string, readonly [number, number]>> = {};
  const libraries: Record<string, { bases: string[]; versions: readonly string[] }> = {};
  let release = "";
  for (const name of builtInNames(suite).filter((one) => !/^nodejs\d/.test(one))) {
    const own: Record<string, readonly [number, number]> = {};
    for (const arch of ["amd64", "arm64"]) {
      const layout = join(folder, `${name}-${suite}-${arch}`);
      const id = run(
        "base",
        "build",
        name,
        "--suite",
        suite,
        "--arch",
        arch,
        "-q",
        "-o",
        `type=oci,tar=false,dest=${layout}`,
      ).trim();
      const blob = (digest: string): Buffer =>
        readFileSync(join(layout, "blobs/sha256", digest.replace("sha256:", "")));
      const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
      let manifest = JSON.parse(blob(index.manifests[0].digest).toString());
      if (manifest.manifests) manifest = JSON.parse(blob(manifest.manifests[0].digest).toString());
      const packed = manifest.layers.reduce((sum: number, layer: { size: number }) => sum + layer.size, 0);
      const [details] = JSON.parse(run("inspect", id));
      const config = JSON.parse(blob(manifest.config.digest).toString());
      own[arch] = [Number(details.Size), packed];
      release = / (\d+\.\d+) \d{4}-/.exec(config.history[0].created_by)?.[1] ?? release;
      if (arch === "amd64") {
        const tree = join(folder, "tree");
        rmSync(tree, { recursive: true, force: true });
        execFileSync("sh", [
          "-c",
          `mkdir -p "$0" && cd "$0" && for f in "$1"/blobs/sha256/*; do tar xf "$f" 2>/dev/null || true; done`,
          tree,
          layout,
        ]);
        for (const found of librariesIn(tree)) {
          const entry = (libraries[found.name] ??= { bases: [], versions: found.versions });
          entry.bases.push(name);
        }
      }
      rmSync(layout, { recursive: true, force: true });
      process.stderr.write(`${name} ${suite} ${arch} ${own[arch]?.join(" ")}\n`);
    }
    sizes[name] = own;
  }
  facts[suite] = {
    release,
    sizes,
    libraries: Object.fromEntries(Object.entries(libraries).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
rmSync(folder, { recursive: true, force: true });
const head = `import type { BaseFacts } from "./facts-of.ts";

// Written by scripts/base-facts.ts: figures are measured, and the libraries read of the bases.

/** The day on which all this was measured. */
export const measuredOn = "${new Date().toISOString().slice(0, 10)}";

export const baseFacts: BaseFacts = `;
writeFileSync(
  join(import.meta.dirname, "../src/debian/distroless/base-facts.ts"),
  `${head}${JSON.stringify(facts)};\n`,
);

/** Libraries that loaders find by name, with the highest versions of their symbols. */
function librariesIn(tree: string): { readonly name: string; readonly versions: readonly string[] }[] {
  const places = [
    ...(triplets[62] ?? []).flatMap((one) => [`usr/lib/${one}`, `lib/${one}`]),
    "usr/lib",
    "lib",
    "lib64",
    "usr/lib64",
  ];
  const found = new Map<string, readonly string[]>();
  for (const place of places) {
    let names: readonly string[] = [];
    try {
      names = readdirSync(join(tree, place));
    } catch {
      continue;
    }
    for (const name of names.filter((one) => /\.so(\.|$)/.test(one))) {
      const bytes = readFileSync(join(tree, place, name));
      const read = (offset: number, length: number): Buffer => Buffer.from(bytes.subarray(offset, offset + length));
      const elf = readElf(read);
      if (typeof elf !== "object" || elf.soname === undefined) continue;
      found.set(elf.soname, highestVersions(readVersions(read).defines));
    }
  }
  return [...found].map(([name, versions]) => ({ name, versions }));
}
