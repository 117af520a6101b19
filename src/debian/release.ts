import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { PublicKey } from "openpgp";
import { packageFile, SlipwayError } from "../base/index.ts";
import { parseStanzas } from "./control.ts";

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
  const { text, key } = await verifiedText(inRelease, from, keyring);
  return { ...parseRelease(text, from), key };
}

async function verifiedText(
  inRelease: string,
  from: string,
  keyring: string | undefined,
): Promise<{ readonly text: string; readonly key: string }> {
  const openpgp = await import("openpgp");
  const keys = await readKeys(keyring);
  let signatures;
  let text;
  try {
    const message = await openpgp.readCleartextMessage({ cleartextMessage: inRelease });
    ({ signatures, data: text } = await openpgp.verify({ message, verificationKeys: keys }));
  } catch (error) {
    throw new SlipwayError({
      code: "SLIP_VERIFY",
      message: `Cannot verify ${from}: it is no signed text (${firstLine(error)})`,
      hint: "a proxy or a log-in page may have answered instead of the mirror",
      cause: error,
    });
  }
  const reasons: string[] = [];
  for (const signature of signatures) {
    try {
      await signature.verified;
      const signer = keys.find((key) => key.getKeys(signature.keyID).length > 0);
      return { text, key: (signer?.getFingerprint() ?? signature.keyID.toHex()).toUpperCase() };
    } catch (error) {
      reasons.push(`key ${signature.keyID.toHex().toUpperCase()}: ${firstLine(error)}`);
    }
  }
  throw new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot verify ${from}: no trusted key signed it (${reasons.join("; ") || "it has no signature"})`,
    hint: reasons.some((reason) => reason.includes("future"))
      ? "the clock of this machine seems to be behind"
      : "the mirror may be tampered with, or serve another distribution; name another mirror with --debian-mirror",
  });
}

async function readKeys(keyring: string | undefined): Promise<PublicKey[]> {
  const openpgp = await import("openpgp");
  const file = keyring ?? fileURLToPath(packageFile("keyrings/debian-archive.pgp"));
  const bytes = readKeyring(file);
  try {
    const armoured = bytes.subarray(0, 200).includes("-----BEGIN PGP");
    const keys = armoured
      ? await openpgp.readKeys({ armoredKeys: bytes.toString("utf8") })
      : await openpgp.readKeys({ binaryKeys: bytes });
    if (keys.length === 0) throw new Error("it has no keys");
    return keys.map((key) => key.toPublic());
  } catch (error) {
    throw badKeyring(file, error);
  }
}

/** The bytes of a file with keys. @throws SLIP_VERIFY when it cannot be read. */
export function readKeyring(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw badKeyring(file, error);
  }
}

function badKeyring(file: string, error: unknown): SlipwayError {
  return new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot read the keyring ${file}: ${firstLine(error)}`,
    hint: "it must hold OpenPGP public keys",
    cause: error,
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
