import { type Digest, sha256, SlipwayError } from "../base/index.ts";
import { HttpStatusError, withoutPassword } from "../fetch/index.ts";
import type { Release } from "./contract.ts";
import { describeSuite } from "./download-index.ts";
import { type VerifiedRelease, verifyDetachedRelease, verifyRelease } from "./release.ts";
import type { OpenSuiteOptions } from "./suite.ts";

/** What an archive answers for a suite's Release. */
export interface SignedRelease {
  /** Its address, for messages. */
  readonly shown: string;
  /** False where it is what the headers asked about. */
  readonly changed: boolean;
  readonly file: NonNullable<Release["file"]>;
  readonly digest: Digest;
  /** What to ask with the next time. */
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** Nothing of it counts before. @throws SLIP_VERIFY */
  verified(): Promise<VerifiedRelease>;
}

/**
 * Fetches a suite's InRelease; where the archive has none, as older ones and some mirrors, its Release and Release.gpg. An InRelease that does not
 * verify is never replaced by them.
 * @param headers conditions for the InRelease.
 * @throws SLIP_NETWORK, and SLIP_VERIFY for a Release that is too long or has no signature beside it.
 */
export async function fetchSigned(
  options: OpenSuiteOptions,
  headers: Readonly<Record<string, string>>,
): Promise<SignedRelease> {
  const folder = `${options.mirror}/dists/${options.suite}`;
  const url = `${folder}/InRelease`;
  const answer = await getFile(options, url, headers).catch(async (error: unknown) => {
    const older = isAbsent(error) ? await fetchDetached(options, folder) : undefined;
    if (!older) throw error;
    return older;
  });
  if ("verified" in answer) return answer;
  const { status, bytes, etag, lastModified } = answer;
  const text = bytes.toString("utf8");
  const shown = withoutPassword(url);
  return {
    shown,
    changed: status !== 304,
    file: "InRelease",
    digest: sha256(text),
    etag,
    lastModified,
    verified: () => verifyRelease(text, shown, options.keyring),
  };
}

/** Undefined where there is no Release either. */
async function fetchDetached(options: OpenSuiteOptions, folder: string): Promise<SignedRelease | undefined> {
  const url = `${folder}/Release`;
  const shown = withoutPassword(url);
  const headers = { "cache-control": "max-age=0" };
  const absent = (error: unknown): undefined => {
    if (!isAbsent(error)) throw error;
  };
  const release = await getFile(options, url, headers).catch(absent);
  if (!release) return undefined;
  const signature = await getFile(options, `${url}.gpg`, headers).catch(absent);
  if (!signature) {
    throw new SlipwayError({
      code: "SLIP_VERIFY",
      message: `Cannot verify ${shown}: the archive has neither an InRelease nor a Release.gpg`,
      hint: "an archive that nobody signed cannot be used: sign it (reprepro: SignWith, aptly: -gpg-key), or name another mirror with --debian-mirror",
    });
  }
  return {
    shown,
    changed: true,
    file: "Release",
    digest: sha256(release.bytes),
    // The next time the InRelease is asked for first.
    etag: undefined,
    lastModified: undefined,
    verified: () =>
      verifyDetachedRelease({ release: release.bytes, signature: signature.bytes }, shown, options.keyring),
  };
}

interface FetchedFile {
  readonly status: number;
  readonly bytes: Buffer;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

async function getFile(
  options: OpenSuiteOptions,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<FetchedFile> {
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
          bytes: Buffer.concat(chunks),
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

/** Whether the server said that there is no such file. */
export function isAbsent(error: unknown): boolean {
  return error instanceof SlipwayError && error.cause instanceof HttpStatusError && error.cause.status === 404;
}

function tooLong(url: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot use ${withoutPassword(url)}: it is longer than a Release can be`,
    hint: "name another mirror with --debian-mirror",
  });
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
