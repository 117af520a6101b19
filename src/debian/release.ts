import type { KeyID, PublicKey } from "openpgp";
import { SlipwayError } from "../base/index.ts";
import { parseStanzas } from "./control.ts";
import { readKeys } from "./keyring.ts";

/** A file that a Release names, by size and sha256 (hex). */
export interface IndexedFile {
  readonly size: number;
  readonly sha256: string;
}

/** What a Release says, read from text whose signature was checked. */
export interface VerifiedRelease {
  /** As the Release names itself: `oldstable-security`. */
  readonly suite: string;
  readonly codename: string;
  readonly version: string | undefined;
  /** Milliseconds since the epoch. */
  readonly date: number;
  readonly validUntil: number | undefined;
  readonly architectures: readonly string[];
  /** By path below the suite's folder, only those of component main. */
  readonly files: ReadonlyMap<string, IndexedFile>;
  /** The signed text. */
  readonly text: string;
  /** Fingerprint of the key that signed it, upper-case hex. */
  readonly key: string;
}

/**
 * Checks an InRelease file and reads it (repository format, "Release files"; OpenPGP cleartext framework, RFC 9580 section 7).
 * Accepted when any trusted key signed it; only the text that the signature covers is read.
 *
 * @param keyring file with trusted keys, binary or armoured; by default those that slipway ships.
 * @throws SLIP_VERIFY when no trusted key verifies, or a field is missing.
 */
export async function verifyRelease(inRelease: string, from: string, keyring?: string): Promise<VerifiedRelease> {
  const openpgp = await import("openpgp");
  const keys = await readKeys(keyring);
  let verified;
  try {
    const message = await openpgp.readCleartextMessage({ cleartextMessage: inRelease });
    verified = await openpgp.verify({ message, verificationKeys: keys });
  } catch (error) {
    throw unsigned(from, `it is no signed text (${firstLine(error)})`, error);
  }
  const key = await trustedKey(verified.signatures, keys, { from, keyring });
  return { ...parseRelease(verified.data, from), key };
}

/** The two files of archives that have no InRelease. */
export interface DetachedRelease {
  readonly release: Uint8Array;
  /** Release.gpg, binary or armoured. */
  readonly signature: Uint8Array;
}

/**
 * The same for a Release whose signature lies beside it (RFC 9580, section 10.4).
 * @param from the address of the Release.
 */
export async function verifyDetachedRelease(
  { release, signature }: DetachedRelease,
  from: string,
  keyring?: string,
): Promise<VerifiedRelease> {
  const openpgp = await import("openpgp");
  const keys = await readKeys(keyring);
  const text = Buffer.from(signature).toString("latin1");
  let signatures;
  try {
    const read = text.includes("-----BEGIN PGP SIGNATURE")
      ? await openpgp.readSignature({ armoredSignature: text })
      : await openpgp.readSignature({ binarySignature: signature });
    const message = await openpgp.createMessage({ binary: release });
    ({ signatures } = await openpgp.verify({ message, signature: read, verificationKeys: keys, format: "binary" }));
  } catch (error) {
    throw unsigned(from, `its Release.gpg is no signature (${firstLine(error)})`, error);
  }
  const key = await trustedKey(signatures, keys, { from, keyring });
  return { ...parseRelease(Buffer.from(release).toString("utf8"), from), key };
}

interface Signature {
  readonly keyID: KeyID;
  readonly verified: Promise<true>;
}

/** Fingerprint of the first key that verifies. */
async function trustedKey(
  signatures: readonly Signature[],
  keys: readonly PublicKey[],
  { from, keyring }: { readonly from: string; readonly keyring: string | undefined },
): Promise<string> {
  const reasons: string[] = [];
  for (const signature of signatures) {
    try {
      await signature.verified;
      const signer = keys.find((key) => key.getKeys(signature.keyID).length > 0);
      return (signer?.getFingerprint() ?? signature.keyID.toHex()).toUpperCase();
    } catch (error) {
      reasons.push(`key ${signature.keyID.toHex().toUpperCase()}: ${firstLine(error)}`);
    }
  }
  throw new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot verify ${from}: no trusted key signed it (${reasons.join("; ") || "it has no signature"})`,
    hint: reasons.some((reason) => reason.includes("future"))
      ? "the clock of this machine seems to be behind"
      : keyring === undefined
        ? "the mirror may be tampered with, or serve another distribution: name another with --debian-mirror; an archive of your own needs --debian-keyring"
        : `only keys in ${keyring} are trusted, for updates and security updates too: a mirror may be tampered with, or its key be missing there`,
  });
}

function unsigned(from: string, why: string, cause: unknown): SlipwayError {
  return new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot verify ${from}: ${why}`,
    hint: "a proxy or a log-in page may have answered instead of the mirror",
    cause,
  });
}

function parseRelease(text: string, from: string): Omit<VerifiedRelease, "key"> {
  const [stanza] = parseStanzas(text);
  const field = (name: string): string => stanza?.get(name) ?? "";
  const date = Date.parse(field("date"));
  const validUntil = field("valid-until") === "" ? undefined : Date.parse(field("valid-until"));
  const files = new Map<string, IndexedFile>();
  for (const line of field("sha256").split("\n")) {
    const [sha256 = "", size = "", path = ""] = line.trim().split(/\s+/);
    if (/^[0-9a-f]{64}$/.test(sha256) && /^\d+$/.test(size) && path.includes("main/")) {
      files.set(path, { sha256, size: Number(size) });
    }
  }
  const missing = [
    field("codename") === "" && field("suite") === "" ? "a suite" : undefined,
    Number.isNaN(date) ? "a date" : undefined,
    validUntil !== undefined && Number.isNaN(validUntil) ? "a readable Valid-Until" : undefined,
    files.size === 0 ? "sha256 sums" : undefined,
  ].filter((what) => what !== undefined);
  if (missing.length > 0) {
    throw new SlipwayError({
      code: "SLIP_VERIFY",
      message: `Cannot use ${from}: its signed text lacks ${missing.join(" and ")}`,
      hint: "name another mirror with --debian-mirror",
    });
  }
  return {
    suite: field("suite"),
    codename: field("codename") || field("suite"),
    version: field("version") || undefined,
    date,
    validUntil,
    architectures: field("architectures").split(/\s+/),
    files,
    text,
  };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]?.replace(/\.$/, "") ?? "";
}
