import type { InRoot, OpenFile } from "../in-root.ts";
import type { Program } from "./libraries.ts";
import type { StartSpec } from "./program.ts";
import type { ResultFinding } from "./rules.ts";

/** Where the systems keep what servers are verified with: a file, or a folder with at least one. */
const bundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/etc/ssl/certs",
  "/etc/pki/tls/certs",
];
/** What programs of Go and Rust have in them that look for those by themselves. */
const mark = "/etc/ssl/certs/ca-certificates.crt";
const tlsLibraries = /^lib(ssl|gnutls|curl|curl-gnutls|nss3|mbedtls)\.so/;

const chunk = 4 << 20;
/** A program is read so far (bytes): its constants lie with its code, in front. */
const furthest = 128 << 20;

/** Tells of a program that looks like one that verifies servers, in an image without anything to verify them with. */
export function checkCertificates(
  root: InRoot,
  start: StartSpec,
  programs: readonly (Program & { readonly libraries: readonly string[] })[],
): readonly ResultFinding[] {
  if (hasCertificates(root, start)) return [];
  for (const { path, libraries } of programs) {
    const library = libraries.find((name) => tlsLibraries.test(name));
    const ground = library
      ? `it is linked to ${library}`
      : hasMark(root, path)
        ? `it has the path ${mark} in it`
        : undefined;
    if (ground === undefined) continue;
    return [
      {
        rule: "CertificatesMissing",
        message: `${root.show(path)} may not be able to verify servers: ${root.show(ground)}, and the image has no CA certificates`,
        about: "command",
        hint: "if it talks to servers over TLS: COPY --from=STAGE /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/",
      },
    ];
  }
  return [];
}

function hasCertificates(root: InRoot, { env }: StartSpec): boolean {
  const named = ["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"].flatMap((name) => env.get(name) ?? []);
  return [...named, ...bundles].some((path) => {
    const there = root.resolve(path);
    if (there?.stats.isDirectory()) return (root.list(there.path)?.length ?? 0) > 0;
    return there?.stats.isFile() === true && there.stats.size > 0;
  });
}

function hasMark(root: InRoot, path: string): boolean {
  const file = root.openFile(path);
  if (!file) return false;
  try {
    return searched(file);
  } finally {
    file.close();
  }
}

function searched({ stats, read }: OpenFile): boolean {
  const end = Math.min(stats.size, furthest);
  for (let at = 0; at < end; at += chunk) if (read(at, chunk + mark.length).includes(mark)) return true;
  return false;
}
