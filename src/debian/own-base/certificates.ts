import { X509Certificate } from "node:crypto";
import { readPem } from "../distroless/keystore.ts";
import type { CheckedYaml } from "./checked-yaml.ts";
import type { LocalFiles } from "./local-files.ts";
import type { OwnBaseFile } from "./schema.ts";

/**
 * The certificate authorities of a file, each checked to be X.509.
 * @returns their PEM texts, the certificates alone; an expired one, or one that is no authority, is warned of.
 * @throws SLIP_BASE for a file with none, with one that cannot be read, or with a private key.
 */
export function ownCertificates(
  { value, fault }: CheckedYaml<OwnBaseFile>,
  local: LocalFiles,
): { readonly certificates: readonly string[]; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const certificates = (value.certificates?.own ?? []).map((from, at) => {
    const path = ["certificates", "own", at];
    const text = local.file(from, (what, hint) => fault(path, what, hint)).toString("latin1");
    if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
      throw fault(
        path,
        `${from} holds a private key`,
        "name a file with certificates alone: what is in an image is public",
      );
    }
    if (!/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/.test(text)) {
      throw fault(
        path,
        `${from} has no certificate`,
        "certificates are PEM: `openssl x509 -inform der -in FILE` writes one of a DER file",
      );
    }
    let ders: readonly Uint8Array[];
    try {
      ders = readPem(text, from);
    } catch {
      throw fault(path, `what stands between BEGIN and END CERTIFICATE in ${from} is no certificate`, "copy it anew");
    }
    return ders
      .map((der, index) => {
        let found: X509Certificate;
        try {
          found = new X509Certificate(der);
        } catch (error) {
          throw fault(path, `certificate ${index + 1} in ${from} cannot be read: ${(error as Error).message}`);
        }
        const name = (found.subject || "without a name").replaceAll("\n", ", ");
        if (Date.parse(found.validTo) < Date.now())
          warnings.push(`The certificate ${name} in ${from} expired on ${found.validTo}`);
        if (!found.ca)
          warnings.push(
            `The certificate ${name} in ${from} is no certificate authority: few programs trust others by it`,
          );
        return found.toString();
      })
      .join("");
  });
  return { certificates, warnings };
}
