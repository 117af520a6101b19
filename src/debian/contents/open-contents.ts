import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { SlipwayError } from "../../base/index.ts";
import { HttpClient } from "../../fetch/index.ts";
import type { OpenArchiveOptions } from "../contract.ts";
import { chooseMirrors } from "../mirror.ts";
import { debianWorkers } from "../debian-workers.ts";
import { downloadIndex } from "../download-index.ts";
import { currentRelease, type OpenSuiteOptions } from "../suite.ts";
import { Contents } from "./contents-index.ts";

const day = 24 * 3_600_000;

/**
 * Which packages of a suite have which libraries and programs: its Contents index, whose hash the signed Release names. It is 13 MB for amd64; what counts
 * of it is kept in `cache.folder`.
 * @throws SLIP_NETWORK when it is not kept and the archive cannot be reached, SLIP_VERIFY, SLIP_PACKAGE for a suite that has none.
 */
export async function openContents(options: OpenArchiveOptions): Promise<Contents> {
  const { mirror } = chooseMirrors(options);
  using http = new HttpClient({
    signal: options.ctx.signal,
    hint: "check the network and the proxy variables, or name another mirror with --debian-mirror or SLIPWAY_DEBIAN_MIRROR",
  });
  const suite: OpenSuiteOptions = { ...options, mirror, http };
  const { kept } = await currentRelease(suite);
  const path = `main/Contents-${options.arch}.gz`;
  const packed = kept.files[path];
  if (!packed) {
    throw new SlipwayError({
      code: "SLIP_PACKAGE",
      message: `Cannot tell which packages of ${options.suite} have a file: it has no ${path}`,
      hint: "name another mirror with --debian-mirror",
    });
  }
  const folder = `${options.cache.folder}/contents`;
  const file = `${folder}/${packed.sha256}`;
  const known = await read(file);
  if (known) return known;
  if (options.offline) {
    throw new SlipwayError({
      code: "SLIP_NETWORK",
      message: `Cannot tell which packages of ${options.suite} have a file: working offline, and the cache does not have its ${path}`,
      hint: "ask once with a network",
    });
  }
  await mkdir(folder, { recursive: true });
  const download = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await downloadIndex(suite, path, packed, download);
    await debianWorkers().call("contents", { source: download, target: `${download}.new` });
    await rename(`${download}.new`, file);
  } finally {
    await Promise.all([rm(download, { force: true }), rm(`${download}.new`, { force: true })]);
  }
  await sweep(folder, packed.sha256);
  const made = await read(file);
  if (made) return made;
  throw new Error("the contents index that was just written cannot be read");
}

async function read(file: string): Promise<Contents | undefined> {
  const text = await readFile(file, "latin1").catch(() => undefined);
  try {
    return text === undefined ? undefined : new Contents(text);
  } catch {
    // Of another version of slipway: it is made anew.
    return undefined;
  }
}

/** Removes what no look-up has made for a month: other suites and architectures have theirs here. */
async function sweep(folder: string, current: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name === current) continue;
    const info = await stat(`${folder}/${name}`).catch(() => undefined);
    if (info && Date.now() - info.mtimeMs > 30 * day) await rm(`${folder}/${name}`, { force: true });
  }
}
