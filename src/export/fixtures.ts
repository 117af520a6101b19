import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  constants,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BuildEvent, Ctx, Digest } from "../base/index.ts";
import { makeNode, setXattr } from "../base/syscalls.ts";
import { writeLayer } from "../layer/index.ts";
import { defaultPlatform, encodeConfig, type ImageConfig, parseIndex, parseManifest } from "../oci/index.ts";
import type { ExportImage, ExportLayer } from "./index.ts";

const overlayXattrs = process.getuid?.() === 0 ? "trusted" : "user";

/** A folder of its own for one test. */
export function scratch(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "slipway-export-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A context that remembers what was emitted. */
export function context(signal: AbortSignal = new AbortController().signal): Ctx & { readonly events: BuildEvent[] } {
  const events: BuildEvent[] = [];
  return { signal, events, emit: (event) => events.push(event) };
}

/**
 * An image of two layers below `folder`: the first has files, links and a folder `gone`; the second hides `gone`, makes `opaque`
 * anew and has a setuid file.
 */
export async function twoLayers(folder: string): Promise<ExportImage> {
  const [one, two] = [`${folder}/one`, `${folder}/two`];
  mkdirSync(`${one}/gone/deep`, { recursive: true });
  mkdirSync(`${one}/opaque`);
  writeFileSync(`${one}/opaque/old`, "old");
  writeFileSync(`${one}/file`, "some content ".repeat(10_000));
  linkSync(`${one}/file`, `${one}/twin`);
  symlinkSync("file", `${one}/link`);
  mkdirSync(`${two}/opaque`, { recursive: true });
  setXattr(`${two}/opaque`, `${overlayXattrs}.overlay.opaque`, Buffer.from("y"));
  writeFileSync(`${two}/opaque/new`, "new");
  makeNode(`${two}/gone`, constants.S_IFCHR, 0, 0);
  writeFileSync(`${two}/setuid`, "x");
  chmodSync(`${two}/setuid`, 0o4755);
  return imageOf([one, two]);
}

export async function imageOf(uppers: readonly string[]): Promise<ExportImage> {
  const layers: ExportLayer[] = [];
  for (const upper of uppers) {
    const { diffId } = await writeLayer({ upper, overlayXattrs, compression: "none" });
    layers.push({ diffId, upper, overlayXattrs });
  }
  const config: ImageConfig = {
    ...defaultPlatform(),
    created: "2026-01-01T00:00:00Z",
    config: { Cmd: ["/file"], Env: ["A=b"] },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map((_, i) => ({ created_by: `step ${i}` })),
  };
  return { config, configBytes: encodeConfig(config).bytes, layers };
}

/** An unpacked layout, read by what it says about itself. */
export function readLayout(folder: string): {
  readonly index: ReturnType<typeof parseIndex>;
  readonly manifest: ReturnType<typeof parseManifest>;
  readonly blob: (digest: Digest) => Buffer;
} {
  const blob = (digest: Digest): Buffer => readFileSync(`${folder}/blobs/sha256/${digest.slice(7)}`);
  const index = parseIndex(readFileSync(`${folder}/index.json`));
  return { index, manifest: parseManifest(blob(index.manifests[0]!.digest)), blob };
}

/** Unpacks an archive by GNU tar. */
export function untar(archive: string, into: string): string {
  mkdirSync(into);
  execFileSync("tar", ["-xf", archive, "-C", into]);
  return into;
}

/** Why a peer's tool cannot judge here; where everything must be installed (CI) its absence fails the test instead. */
export function whyNo(tool: string): string | undefined {
  const found = spawnSync(tool, ["--version"], { stdio: "ignore" }).error === undefined;
  return found || process.env["CI"] === "true" ? undefined : `${tool} is not installed`;
}

/** Bytes of the files below a folder, each once. */
export function sizeOf(folder: string): number {
  const seen = new Set<number>();
  let sum = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { ino, size } = statSync(`${entry.parentPath}/${entry.name}`);
    if (!seen.has(ino)) sum += size;
    seen.add(ino);
  }
  return sum;
}
