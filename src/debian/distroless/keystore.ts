import { createHash } from "node:crypto";
import { SlipwayError } from "../../base/index.ts";

export interface NamedCertificate {
  /** Its name in the keystore. */
  readonly alias: string;
  /** X.509, DER. */
  readonly der: Uint8Array;
}

/** What every Java knows the keystore of its trust anchors by; it keeps nothing secret. */
const password = "changeit";

/**
 * A Java keystore (JKS, version 2) of certificates that are trusted. The format is that of OpenJDK's JavaKeyStore: big-endian, each entry a
 * tag, an alias, a time and a certificate, then a digest over it all with the password.
 * @param time of every entry, milliseconds since the epoch.
 */
export function writeKeystore(certificates: readonly NamedCertificate[], time: number): Buffer {
  const parts: Uint8Array[] = [uint32(0xfeedfeed), uint32(2), uint32(certificates.length)];
  const when = Buffer.alloc(8);
  when.writeBigInt64BE(BigInt(time));
  for (const { alias, der } of certificates) {
    parts.push(uint32(2), text(alias), when, text("X.509"), uint32(der.length), der);
  }
  const body = Buffer.concat(parts);
  return Buffer.concat([body, keystoreDigest(body)]);
}

/** The digest at the end of a keystore. */
export function keystoreDigest(body: Uint8Array): Buffer {
  const secret = Buffer.from(password, "utf16le").swap16();
  return createHash("sha1").update(secret).update("Mighty Aphrodite").update(body).digest();
}

/** Java's UTF with its length; aliases are ASCII here, where it is plain. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value.replace(/[^\x20-\x7e]/g, "_"), "latin1");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/**
 * The certificates of a PEM text (RFC 7468), DER each.
 * @throws SLIP_PACKAGE when there is none in it.
 */
export function readPem(pem: string, where: string): readonly Uint8Array[] {
  const found = [...pem.matchAll(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END/g)].map(
    ([, body = ""]) => new Uint8Array(Buffer.from(body, "base64")),
  );
  if (found.length > 0 && found.every((der) => der[0] === 0x30)) return found;
  throw new SlipwayError({
    code: "SLIP_PACKAGE",
    message: `Cannot use ${where}: there is no certificate in it`,
    hint: "certificates are PEM: -----BEGIN CERTIFICATE-----",
  });
}
