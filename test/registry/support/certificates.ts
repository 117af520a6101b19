import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Authority {
  /** Its own certificate, a file in PEM. */
  readonly cert: string;
  /** Certificate and key for an address or a person, files in PEM. */
  issue(address: string): { readonly cert: string; readonly key: string };
}

/** Why there are no certificates to test with, or undefined. */
export const whyNoOpenssl = spawnSync("openssl", ["version"]).status === 0 ? undefined : "no program openssl";

const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

/** A certificate authority in that folder, made by openssl. */
export function makeAuthority(folder: string): Authority {
  const [cert, key] = [join(folder, "ca.crt"), join(folder, "ca.key")];
  // What Python asks of certificates since 3.13 (RFC 5280, section 4.2.1).
  const usage = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"];
  const files = ["-keyout", key, "-out", cert];
  openssl("req", "-x509", ...curve, "-nodes", "-days", "2", "-subj", "/CN=Test CA", ...usage, ...files);
  return {
    cert,
    issue: (address) => {
      const name = join(folder, address);
      const [request, issued, own, extensions] = [`${name}.csr`, `${name}.cert`, `${name}.key`, `${name}.ext`];
      writeFileSync(
        extensions,
        `subjectAltName=${/^[\d.]+$/.test(address) ? "IP" : "DNS"}:${address},DNS:localhost\nbasicConstraints=CA:FALSE\nauthorityKeyIdentifier=keyid\n`,
      );
      openssl("req", ...curve, "-nodes", "-subj", `/CN=${address}`, "-keyout", own, "-out", request);
      openssl(
        "x509",
        "-req",
        "-in",
        request,
        "-CA",
        cert,
        "-CAkey",
        key,
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        extensions,
        "-out",
        issued,
      );
      return { cert: issued, key: own };
    },
  };
}

function openssl(...args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: "pipe" });
}
