import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Comparison, ImageInspection } from "../../src/index.ts";
import type { Calculator } from "./examples.ts";
import { sittings } from "./sittings.ts";
import { slipway } from "./slipway.ts";

/** An image as `compare` sees it, and the bytes of its layers as they travel, compressed with gzip. */
export interface Measured {
  readonly image: ImageInspection;
  readonly compressed: number;
}

export interface Row {
  readonly calculator: Calculator;
  readonly single: Measured;
  readonly multi: Measured;
}

/** Builds a calculator in one stage and in several, runs its tests, talks to both images and measures them. */
export async function measure(calculator: Calculator): Promise<Row> {
  const { folder, dockerfile } = calculator;
  const context = `examples/${folder}`;
  const [single, multi] = [`${folder}:single`, `${folder}:${dockerfile === "Dockerfile" ? "multi" : "static"}`];
  const build = (file: string, ...argv: readonly string[]): Promise<string> =>
    slipway(["build", ...bases, "-f", `${context}/${file}`, ...argv, context]);

  await build("Dockerfile.single", "-t", single);
  await build(dockerfile, "--target", "test");
  await build(dockerfile, "--target", "package", "-t", multi);
  await converse(single);
  await converse(multi, "--read-only", "--user", "65532");
  const { a, b } = JSON.parse(await slipway(["compare", "--format", "json", single, multi])) as Comparison;
  return {
    calculator,
    single: { image: a, compressed: await compressedSize(single) },
    multi: { image: b, compressed: await compressedSize(multi) },
  };
}

/** Bases are made here, so that the figures are those of the archive wherever this runs. */
export const bases = ["--base-images=archive"] as const;

async function converse(image: string, ...options: readonly string[]): Promise<void> {
  for (const { name, typed, said } of sittings) {
    const heard = await slipway(["run", "--rm", "-i", ...options, image], typed);
    if (heard !== said) throw new Error(`${image}, ${name}: it says\n${heard}\nand should say\n${said}`);
  }
}

interface Document {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly layers?: readonly { readonly size: number }[];
}

async function compressedSize(image: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-examples-"));
  try {
    await slipway(["save", "--format", "oci-dir", "-o", join(folder, "layout"), image]);
    return await layerBytes(join(folder, "layout"), "index.json");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function layerBytes(layout: string, file: string): Promise<number> {
  const { layers, manifests } = JSON.parse(await readFile(join(layout, file), "utf8")) as Document;
  if (layers) return layers.reduce((sum, layer) => sum + layer.size, 0);
  const [manifest] = manifests ?? [];
  if (!manifest) throw new Error(`${join(layout, file)} names no manifest`);
  return layerBytes(layout, `blobs/${manifest.digest.replace(":", "/")}`);
}
