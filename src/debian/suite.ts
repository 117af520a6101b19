import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { sha256, SlipwayError } from "../base/index.ts";
import type { OpenArchiveOptions, Release } from "./contract.ts";
import { type HttpClient, HttpStatusError } from "../fetch/index.ts";
import { debianWorkers } from "./debian-workers.ts";
import { describeSuite, downloadIndex } from "./download-index.ts";
import { readKeyring } from "./keyring.ts";
import { PackageIndex } from "./package-index.ts";
import type { IndexedFile, VerifiedRelease } from "./release.ts";
import { fetchSigned, type SignedRelease } from "./signed-release.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

/** What is kept of a suite's Release once it was verified. */
interface KeptRelease extends Omit<Release, "suite" | "index"> {
  readonly format: 1;
  /** When the mirror last confirmed it. */
  readonly checked: number;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** The Packages indexes by path below the suite's folder. */
  readonly files: Readonly<Record<string, IndexedFile>>;
}

export interface OpenedSuite {
  readonly release: Release;
  readonly index: PackageIndex;
  /** The network could not be reached: the cache answered. */
  readonly stale: boolean;
}

export interface OpenSuiteOptions extends OpenArchiveOptions {
  /** The suite's own name and the archive that has it: `bookworm-security`. */
  readonly suite: string;
  readonly mirror: string;
  readonly http: HttpClient;
}

/** The codename that a moving name (`stable`) stands for now. */
export async function codenameOf(options: OpenSuiteOptions): Promise<string> {
  return (await currentRelease(options)).kept.codename;
}

/** Opens one suite: its Release from the network or the cache, its package index from the cache or the network. */
export async function openSuite(options: OpenSuiteOptions): Promise<OpenedSuite> {
  const { kept, stale } = await currentRelease(options);
  const path = `main/binary-${options.arch}/Packages`;
  // Debian packs its indexes with xz; tools for archives of one's own, such as aptly and reprepro, with gzip.
  const packedPath = [`${path}.xz`, `${path}.gz`].find((one) => kept.files[one]) ?? "";
  const packed = kept.files[packedPath];
  const plain = kept.files[path];
  if (!packed || !plain) {
    throw new SlipwayError({
      code: "SLIP_PACKAGE",
      message: `Cannot use ${describeSuite(options)}: it has no packages for ${options.arch}`,
      hint: "name another suite, platform or mirror",
    });
  }
  const { codename, version, date, validUntil, inRelease, file, key } = kept;
  const index = { path: packedPath, ...packed };
  return {
    release: {
      suite: options.suite,
      codename,
      version,
      date,
      validUntil,
      mirror: options.mirror,
      inRelease,
      file,
      key,
      index,
    },
    index: await openIndex(options, packedPath, packed, plain),
    stale,
  };
}

/** Whether a Release of the suite was verified before, whatever became of it. */
export async function wasOpened(options: OpenSuiteOptions): Promise<boolean> {
  return (await readKept(await releaseFile(options))) !== undefined;
}

/** What the suite's Release says now, or said when it was last checked. */
export async function currentRelease(options: OpenSuiteOptions): Promise<{ kept: KeptRelease; stale: boolean }> {
  const file = await releaseFile(options);
  const kept = await readKept(file);
  if (options.offline) {
    if (kept) return { kept, stale: true };
    throw new SlipwayError({
      code: "SLIP_NETWORK",
      message: `Cannot read ${describeSuite(options)}: working offline, and the cache does not have it`,
      hint: "build once with a network",
    });
  }
  const maxAge = options.maxAge ?? 5 * minute;
  const now = Date.now();
  const sameMirror = kept?.mirror === options.mirror;
  if (kept && sameMirror && now - kept.checked < maxAge && kept.checked <= now && !isExpired(kept, now)) {
    return { kept, stale: false };
  }
  try {
    return { kept: await fetchRelease(options, file, kept), stale: false };
  } catch (error) {
    const unreachable = error instanceof SlipwayError && error.code === "SLIP_NETWORK" && !hasStatus(error);
    if (!unreachable || !kept || now - kept.checked > 7 * day || isExpired(kept, now)) throw error;
    options.ctx.emit({
      type: "warning",
      code: error.code,
      message: `${error.message}: using ${options.suite} as it was checked ${new Date(kept.checked).toISOString().slice(0, 16)}`,
      hint: error.hint,
    });
    return { kept, stale: true };
  }
}

async function fetchRelease(
  options: OpenSuiteOptions,
  file: string,
  kept: KeptRelease | undefined,
): Promise<KeptRelease> {
  const headers: Record<string, string> = { "cache-control": "max-age=0" };
  // One that an older slipway kept lacks what a lock needs.
  if (kept?.mirror === options.mirror && kept.inRelease !== undefined) {
    if (kept.etag !== undefined) headers["if-none-match"] = kept.etag;
    else if (kept.lastModified !== undefined) headers["if-modified-since"] = kept.lastModified;
  }
  const signed = await fetchSigned(options, headers);
  const { shown } = signed;
  const now = Date.now();
  let fresh: KeptRelease;
  if (!signed.changed && kept) fresh = { ...kept, checked: now };
  else {
    const release = await signed.verified();
    if (release.codename !== options.suite && release.suite !== options.suite) {
      throw new SlipwayError({
        code: "SLIP_VERIFY",
        message: `Cannot use ${shown}: it is the Release of ${release.codename || release.suite}`,
        hint: "the mirror serves another suite under this name; name another mirror with --debian-mirror",
      });
    }
    fresh = keep(release, options.mirror, now, signed);
    if (kept && !options.anyAge && fresh.date < kept.date) {
      throw new SlipwayError({
        code: "SLIP_VERIFY",
        message: `Cannot use ${shown}: it is of ${day10(fresh.date)}, older than that of ${day10(kept.date)} which was seen before`,
        hint: `the mirror is behind or replays an old state; name another mirror, or remove ${file} to accept it`,
      });
    }
  }
  if (!options.anyAge && isExpired(fresh, now)) {
    throw new SlipwayError({
      code: "SLIP_VERIFY",
      message: `Cannot use ${shown}: it expired on ${new Date(fresh.validUntil ?? 0).toISOString().slice(0, 16)}`,
      hint: "the mirror is out of date, or this machine's clock is wrong; name another mirror with --debian-mirror",
    });
  }
  // An older state must not stand for the latest one that was seen.
  if (!options.anyAge || !kept || fresh.date >= kept.date) await replaceFile(file, JSON.stringify(fresh));
  return fresh;
}

async function openIndex(
  options: OpenSuiteOptions,
  path: string,
  packed: IndexedFile,
  plain: IndexedFile,
): Promise<PackageIndex> {
  const folder = `${options.cache.folder}/indexes`;
  const file = `${folder}/${packed.sha256}`;
  const origin = { mirror: options.mirror, suite: options.suite };
  const known = readWhole(file);
  if (known !== undefined) {
    try {
      return new PackageIndex(known, origin);
    } catch {
      // Written by another version of slipway: it is made anew below.
    }
  }
  if (options.offline) {
    throw new SlipwayError({
      code: "SLIP_NETWORK",
      message: `Cannot read the packages of ${describeSuite(options)}: working offline, and the cache does not have them`,
      hint: "build once with a network",
    });
  }
  await mkdir(folder, { recursive: true });
  const download = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await downloadIndex(options, path, packed, download);
    await debianWorkers().call("index", {
      source: download,
      name: path,
      target: `${download}.new`,
      plain,
      describe: describeSuite(options),
    });
    await rename(`${download}.new`, file);
  } finally {
    await Promise.all([rm(download, { force: true }), rm(`${download}.new`, { force: true })]);
  }
  await sweep(options.cache.folder);
  return new PackageIndex(readFileSync(file), origin);
}

/** In one piece of memory: it is large, and read in parts it would be there twice. */
function readWhole(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Release files kept by a name that holds apart what different keys made trusted. */
async function releaseFile(options: OpenSuiteOptions): Promise<string> {
  const folder = `${options.cache.folder}/releases`;
  await mkdir(folder, { recursive: true });
  const trust = options.keyring === undefined ? "" : `.${sha256(readKeyring(options.keyring)).slice(7, 23)}`;
  return `${folder}/${options.suite.replaceAll(/[^a-z0-9.-]/gi, "_")}${trust}.json`;
}

async function readKept(file: string): Promise<KeptRelease | undefined> {
  try {
    const value = JSON.parse(await readFile(file, "utf8")) as KeptRelease;
    return value.format === 1 ? value : undefined;
  } catch {
    return undefined;
  }
}

function keep(
  release: VerifiedRelease,
  mirror: string,
  checked: number,
  { file, digest, etag, lastModified }: SignedRelease,
): KeptRelease {
  const files = [...release.files].filter(([path]) =>
    /^main\/(?:binary-[a-z0-9-]+\/Packages(?:\.xz|\.gz)?|Contents-[a-z0-9-]+\.gz)$/.test(path),
  );
  return {
    format: 1,
    codename: release.codename,
    version: release.version,
    date: release.date,
    validUntil: release.validUntil,
    mirror,
    inRelease: digest,
    file,
    key: release.key,
    checked,
    etag,
    lastModified,
    files: Object.fromEntries(files),
  };
}

/** Removes indexes that no kept Release names any more, and what killed processes left; a day of grace for those that live. */
async function sweep(folder: string): Promise<void> {
  const found = await readdir(`${folder}/releases`);
  const releases = found.filter((name) => name.endsWith(".json"));
  const kept = await Promise.all(releases.map((name) => readKept(`${folder}/releases/${name}`)));
  const needed = new Set(kept.flatMap((one) => Object.values(one?.files ?? {}).map((file) => file.sha256)));
  const others = (await readdir(`${folder}/indexes`)).filter((name) => !needed.has(name));
  for (const path of [
    ...others.map((name) => `${folder}/indexes/${name}`),
    ...found.filter((name) => !name.endsWith(".json")).map((name) => `${folder}/releases/${name}`),
  ]) {
    const info = await stat(path).catch(() => undefined);
    if (info && Date.now() - info.mtimeMs > day) await rm(path, { force: true });
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    // On the disk before it has its name: an empty file after a crash would forget what was seen.
    await writeFile(temporary, text, { flush: true });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function isExpired(release: KeptRelease, now: number): boolean {
  return release.validUntil !== undefined && release.validUntil < now;
}

function hasStatus(error: SlipwayError): boolean {
  return error.cause instanceof HttpStatusError;
}

function day10(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
