import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { sha256, SlipwayError } from "../base/index.ts";
import type { OpenArchiveOptions, Release } from "./contract.ts";
import { type HttpClient, HttpStatusError, withoutPassword } from "../fetch/index.ts";
import { debianWorkers } from "./debian-workers.ts";
import { describeSuite, downloadIndex } from "./download-index.ts";
import { PackageIndex } from "./package-index.ts";
import { type IndexedFile, readKeyring, verifyRelease, type VerifiedRelease } from "./release.ts";

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
  const packed = kept.files[`${path}.xz`];
  const plain = kept.files[path];
  if (!packed || !plain) {
    throw new SlipwayError({
      code: "SLIP_PACKAGE",
      message: `Cannot use ${describeSuite(options)}: it has no packages for ${options.arch}`,
      hint: "name another suite, platform or mirror",
    });
  }
  const { codename, version, date, validUntil, inRelease, key } = kept;
  const index = { path: `${path}.xz`, ...packed };
  return {
    release: {
      suite: options.suite,
      codename,
      version,
      date,
      validUntil,
      mirror: options.mirror,
      inRelease,
      key,
      index,
    },
    index: await openIndex(options, `${path}.xz`, packed, plain),
    stale,
  };
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
  const url = `${options.mirror}/dists/${options.suite}/InRelease`;
  const headers: Record<string, string> = { "cache-control": "max-age=0" };
  // One that an older slipway kept lacks what a lock needs.
  if (kept?.mirror === options.mirror && kept.inRelease !== undefined) {
    if (kept.etag !== undefined) headers["if-none-match"] = kept.etag;
    else if (kept.lastModified !== undefined) headers["if-modified-since"] = kept.lastModified;
  }
  const answer = await getFile(options, url, headers);
  const now = Date.now();
  let fresh: KeptRelease;
  if (answer.status === 304 && kept) fresh = { ...kept, checked: now };
  else {
    const shown = withoutPassword(url);
    const release = await verifyRelease(answer.text, shown, options.keyring);
    if (release.codename !== options.suite && release.suite !== options.suite) {
      throw new SlipwayError({
        code: "SLIP_VERIFY",
        message: `Cannot use ${shown}: it is the Release of ${release.codename || release.suite}`,
        hint: "the mirror serves another suite under this name; name another mirror with --debian-mirror",
      });
    }
    fresh = keep(release, options.mirror, now, answer);
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
      message: `Cannot use ${withoutPassword(url)}: it expired on ${new Date(fresh.validUntil ?? 0).toISOString().slice(0, 16)}`,
      hint: "the mirror is out of date, or this machine's clock is wrong; name another mirror with --debian-mirror",
    });
  }
  // An older state must not stand for the latest one that was seen.
  if (!options.anyAge || !kept || fresh.date >= kept.date) await replaceFile(file, JSON.stringify(fresh));
  return fresh;
}

interface FetchedText {
  readonly status: number;
  readonly text: string;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

async function getFile(
  options: OpenSuiteOptions,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<FetchedText> {
  try {
    return await options.http.get(
      url,
      async ({ status, headers: answered, body }) => {
        const chunks: Uint8Array[] = [];
        let size = 0;
        for await (const chunk of body) {
          size += chunk.length;
          if (size > 16 << 20) throw tooLong(url);
          chunks.push(chunk);
        }
        return {
          status,
          text: Buffer.concat(chunks).toString("utf8"),
          etag: single(answered["etag"]),
          lastModified: single(answered["last-modified"]),
        };
      },
      headers,
    );
  } catch (error) {
    if (!(error instanceof HttpStatusError)) throw error;
    throw new SlipwayError({
      code: "SLIP_NETWORK",
      message: `Cannot read ${describeSuite(options)}: ${error.message}`,
      hint:
        error.status === 404 && options.suite.endsWith("-security")
          ? "name an archive with security updates in SLIPWAY_DEBIAN_SECURITY_MIRROR, or none to go without them"
          : "the mirror may not have this suite; name another mirror with --debian-mirror or SLIPWAY_DEBIAN_MIRROR",
      cause: error,
    });
  }
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

function tooLong(url: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot use ${withoutPassword(url)}: it is longer than a Release can be`,
    hint: "name another mirror with --debian-mirror",
  });
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

function keep(release: VerifiedRelease, mirror: string, checked: number, answer: FetchedText): KeptRelease {
  const files = [...release.files].filter(([path]) =>
    /^main\/(?:binary-[a-z0-9-]+\/Packages(?:\.xz)?|Contents-[a-z0-9-]+\.gz)$/.test(path),
  );
  return {
    format: 1,
    codename: release.codename,
    version: release.version,
    date: release.date,
    validUntil: release.validUntil,
    mirror,
    inRelease: sha256(answer.text),
    key: release.key,
    checked,
    etag: answer.etag,
    lastModified: answer.lastModified,
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

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function day10(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
