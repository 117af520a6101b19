import { type Ctx, type Digest, SlipwayError } from "../base/index.ts";
import type { ContentStore } from "../store/index.ts";
import type { Archive, DebianPackage, OpenArchiveOptions } from "./contract.ts";
import { HttpClient, HttpStatusError, withoutPassword } from "../fetch/index.ts";
import { chooseMirrors } from "./mirror.ts";
import type { PackageIndex } from "./package-index.ts";
import { codenameOf, type OpenedSuite, openSuite } from "./suite.ts";
import { openUpdates } from "./open-updates.ts";
import { resolvePackages } from "./resolve.ts";
import { compareVersions } from "./version.ts";

const unreachable =
  "check the network and the proxy variables, or name another mirror with --debian-mirror or SLIPWAY_DEBIAN_MIRROR";

/** Suites that get their security updates as ordinary uploads, and that nothing is added to. */
const withoutAdditions = new Set(["sid", "rc-buggy"]);

/** Names that stand for another release from time to time. */
const moving = new Set(["stable", "oldstable", "oldoldstable", "testing", "unstable", "experimental"]);

/**
 * Opens the archive for one suite and architecture: the suite with its updates and security suites, each by its InRelease (signature, date, expiry),
 * each index by the hash that the InRelease names.
 *
 * What was verified is kept in `cache.folder`. It answers alone when it was checked within `maxAge`, when `offline` is set, or, with a
 * warning, for a week when the network cannot be reached.
 *
 * @throws SLIP_NETWORK when the archive cannot be reached, SLIP_VERIFY when something does not verify, is expired or older than what was seen.
 */
export async function openArchive(options: OpenArchiveOptions): Promise<Archive> {
  const { suite, arch, ctx } = options;
  const { mirror, securityMirror } = chooseMirrors(options);
  // The other suites are asked for by codename: what a moving name stands for is then decided once.
  const [codename = suite] = moving.has(suite)
    ? await together(ctx, [mirror], async (_, http) => codenameOf({ ...options, mirror, http }))
    : [];
  const additions = !withoutAdditions.has(codename);
  const places: readonly { readonly suite: string; readonly mirror: string; readonly mayLack?: boolean }[] = [
    { suite: codename, mirror },
    ...(additions ? [{ suite: `${codename}-updates`, mirror, mayLack: options.keyring !== undefined }] : []),
    ...(additions && securityMirror !== "none" ? [{ suite: `${codename}-security`, mirror: securityMirror }] : []),
  ];
  let done = 0;
  progress(options, "reading the archive", 0, places.length);
  const open = ({ mayLack, ...place }: (typeof places)[number], http: HttpClient): Promise<OpenedSuite | undefined> =>
    (mayLack ? openUpdates : openSuite)({ ...options, ...place, http });
  const answers = await together(ctx, places, async (place, http) => {
    const result = await open(place, http);
    progress(options, "reading the archive", ++done, places.length);
    return result;
  });

  const opened = answers.filter((answer) => answer !== undefined);
  const [main] = opened;
  if (!main) throw new Error("an archive without suites");
  const fromCache = opened.some((part) => part.stale);
  const releases = opened.map((part) => part.release);
  const date = Math.max(...releases.map((release) => release.date));
  const shownMirror = withoutPassword(mirror).replace(/\/$/, "");
  const version = main.release.version === undefined ? "" : ` ${main.release.version}`;
  const indexes = opened.map((part) => part.index);
  const versions = (name: string): readonly DebianPackage[] => mergedVersions(indexes, name);
  const names = (): Iterable<string> => new Set(indexes.flatMap((index) => Array.from(index.names())));
  return {
    suite,
    codename: main.release.codename,
    arch,
    mirror,
    securityMirror: releases.some((release) => release.suite.endsWith("-security")) ? securityMirror : undefined,
    releases,
    date,
    fromCache,
    origin: `archive ${shownMirror} ${main.release.codename}${version} ${new Date(date).toISOString().slice(0, 10)}`,
    versions,
    names,
    select: (wanted) => selectHighest(indexes, wanted),
    resolve: (wanted) =>
      resolvePackages(
        {
          versions,
          providers: (name) => [...new Set(indexes.flatMap((index) => index.providers(name)))].sort(),
          names,
        },
        arch,
        wanted,
      ),
    fetch: (packages) => fetchPackages(packages, options.cache.blobs, options),
  };
}

/** What the `select` of a base image asks for. */
export interface FetchContext {
  readonly ctx: Ctx;
  readonly step?: string | undefined;
  readonly offline?: boolean | undefined;
}

/** Brings packages into the store, each checked by its sha256; those that are there are not asked for. Throws SLIP_NETWORK, SLIP_VERIFY. */
export async function fetchPackages(
  packages: readonly DebianPackage[],
  blobs: ContentStore,
  options: FetchContext,
): Promise<readonly string[]> {
  let done = 0;
  progress(options, "fetching packages", 0, packages.length);
  return together(options.ctx, packages, async (entry, http) => {
    const digest = digestOfPackage(entry);
    if (!(await blobs.stat(digest))) await fetchPackage(entry, digest, blobs, http, options.offline ?? false);
    progress(options, "fetching packages", ++done, packages.length);
    return blobs.path(digest);
  });
}

/** Weaker sums than sha256 prove nothing. */
function digestOfPackage({ name, version, sha256, suite, mirror }: DebianPackage): Digest {
  if (/^[0-9a-f]{64}$/.test(sha256)) return `sha256:${sha256}`;
  throw new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot use the package ${name} ${version}: the index of ${suite} names no sha256 of it`,
    hint: `name another mirror than ${withoutPassword(mirror)} with --debian-mirror`,
  });
}

async function fetchPackage(
  entry: DebianPackage,
  digest: Digest,
  blobs: ContentStore,
  http: HttpClient,
  offline: boolean,
): Promise<void> {
  if (offline) {
    throw new SlipwayError({
      code: "SLIP_NETWORK",
      message: `Cannot fetch the package ${entry.name} ${entry.version}: working offline, and the cache does not have it`,
      hint: "build once with a network",
    });
  }
  const url = `${entry.mirror}/${entry.filename.split("/").map(encodeURIComponent).join("/")}`;
  try {
    await http.get(url, async ({ body }) => {
      await blobs.write(body, { mediaType: "application/vnd.debian.binary-package", digest, size: entry.size });
    });
  } catch (error) {
    const what = `the package ${entry.name} ${entry.version} from ${new URL(entry.mirror).host}`;
    if (error instanceof SlipwayError && error.code === "SLIP_DIGEST_MISMATCH") {
      throw new SlipwayError({
        code: "SLIP_VERIFY",
        message: `Cannot use ${what}: its bytes are not those that the signed index names`,
        hint: "the mirror or a proxy changes or cuts files; name another mirror with --debian-mirror",
        cause: error,
      });
    }
    if (error instanceof HttpStatusError) {
      throw new SlipwayError({
        code: "SLIP_NETWORK",
        message: `Cannot fetch ${what}: ${error.message}`,
        hint:
          error.status === 404
            ? "the mirror may be in the middle of an update: try again in some minutes, or name another with --debian-mirror"
            : "try again, or name another mirror with --debian-mirror",
        cause: error,
      });
    }
    throw error;
  }
}

/** Runs actions at once; when one fails or the caller cancels, the others are ended too. Returns or throws when none is left. */
async function together<A, T>(
  ctx: Ctx,
  items: readonly A[],
  action: (item: A, http: HttpClient, at: number) => Promise<T>,
): Promise<readonly T[]> {
  const own = new AbortController();
  using http = new HttpClient({ signal: AbortSignal.any([ctx.signal, own.signal]), hint: unreachable });
  let first: { readonly error: unknown } | undefined;
  const results: T[] = [];
  await Promise.all(
    items.map(async (item, at) => {
      try {
        results[at] = await action(item, http, at);
      } catch (error) {
        first ??= { error };
        own.abort();
      }
    }),
  );
  if (first) throw first.error;
  return results;
}

export function progress(options: FetchContext, label: string, current: number, total: number): void {
  if (options.step !== undefined) options.ctx.emit({ type: "step-progress", id: options.step, label, current, total });
}

function mergedVersions(indexes: readonly PackageIndex[], name: string): readonly DebianPackage[] {
  const found = new Map<string, DebianPackage>();
  for (const index of indexes) {
    for (const entry of index.versions(name)) if (!found.has(entry.version)) found.set(entry.version, entry);
  }
  return [...found.values()].sort((a, b) => compareVersions(b.version, a.version));
}

function selectHighest(
  indexes: readonly PackageIndex[],
  wanted: (entry: DebianPackage) => boolean,
): readonly DebianPackage[] {
  const names = new Set<string>();
  for (const index of indexes) {
    for (const entry of index.packages()) if (wanted(entry)) names.add(entry.name);
  }
  // An older version may be wanted where the highest no longer is.
  return [...names].sort().flatMap((name) => mergedVersions(indexes, name).slice(0, 1).filter(wanted));
}
