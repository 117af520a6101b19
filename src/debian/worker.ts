import { writeFile } from "node:fs/promises";
import { Hasher, serve, SlipwayError } from "../base/index.ts";
import { cleanRoot } from "./clean-root.ts";
import { makeContents } from "./contents/make-contents.ts";
import { plainBytes } from "./decompress.ts";
import { compactPackages } from "./package-index.ts";
import type { IndexedFile } from "./release.ts";
import { RootFiles } from "./root-files.ts";
import { unpackDeb } from "./unpack-deb.ts";

serve("debian/worker", { index, contents: makeContents, unpack: unpackDeb, clean });

/** Brings a configured root into the state of an image. */
function clean(job: { readonly root: string; readonly slim: boolean; readonly epoch: number }): void {
  cleanRoot(new RootFiles(job.root), job);
}

/** Makes the compact index of a downloaded Packages.xz or .gz, whose own hash was checked; its plain text must be the promised one too. */
async function index(job: {
  readonly source: string;
  /** Of the file in the archive. */
  readonly name: string;
  readonly target: string;
  readonly plain: IndexedFile;
  readonly describe: string;
}): Promise<void> {
  const hasher = new Hasher();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of plainBytes(job.source, undefined, job.name)) {
    size += chunk.length;
    if (size > job.plain.size) break;
    hasher.update(chunk);
    chunks.push(chunk);
  }
  if (size !== job.plain.size || hasher.digest() !== `sha256:${job.plain.sha256}`) {
    throw new SlipwayError({
      code: "SLIP_VERIFY",
      message: `Cannot use the packages of ${job.describe}: unpacked they are not those that the signed Release names`,
      hint: "name another mirror with --debian-mirror",
    });
  }
  const text = compactPackages(Buffer.concat(chunks).toString("latin1"));
  // On the disk before it gets its name, and is trusted by it.
  await writeFile(job.target, text, { encoding: "latin1", flush: true });
}
