import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { PublicKey } from "openpgp";
import { packageFile, SlipwayError } from "../base/index.ts";

const block = /-----BEGIN PGP (PUBLIC|PRIVATE) KEY BLOCK-----[\s\S]*?-----END PGP \1 KEY BLOCK-----/g;

/**
 * The keys whose signatures count: OpenPGP (RFC 9580, section 10.1), binary, or armoured in one block or several.
 * @param keyring a file; by default the one that slipway ships, with Debian's.
 * @throws SLIP_VERIFY for a file that cannot be read or has no keys.
 */
export async function readKeys(keyring: string | undefined): Promise<PublicKey[]> {
  const openpgp = await import("openpgp");
  const file = keyring ?? fileURLToPath(packageFile("keyrings/debian-archive.pgp"));
  const bytes = readKeyring(file);
  const text = bytes.toString("latin1");
  try {
    const armoured = text.match(block) ?? [];
    const read = await Promise.all(armoured.map((armoredKeys) => openpgp.readKeys({ armoredKeys })));
    const keys = armoured.length > 0 ? read.flat() : await openpgp.readKeys({ binaryKeys: bytes });
    if (keys.length === 0) throw new Error("it has no keys");
    return keys.map((key) => key.toPublic());
  } catch (error) {
    // The file of newer GnuPG, which is no OpenPGP: its first record says so behind length, type and version.
    if (bytes.toString("latin1", 8, 12) === "KBXf") throw badKeyring(file, "it is a keybox of GnuPG", error);
    const none = /BEGIN PGP/.test(text) ? "its armour is damaged, or around something else" : "it has no OpenPGP keys";
    throw badKeyring(file, none, error);
  }
}

/** The bytes of a file with keys. @throws SLIP_VERIFY when it cannot be read. */
export function readKeyring(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    const why = { ENOENT: "there is no such file", EISDIR: "it is a folder", EACCES: "its permissions forbid it" }[
      code
    ];
    throw badKeyring(file, why ?? message, error);
  }
}

function badKeyring(file: string, why: string, cause: unknown): SlipwayError {
  return new SlipwayError({
    code: "SLIP_VERIFY",
    message: `Cannot read the keyring ${file}: ${why}`,
    hint: "it must hold OpenPGP public keys, binary or armoured: `gpg --export KEY > FILE`",
    cause,
  });
}
