import { withoutPassword } from "../fetch/index.ts";
import type { RootFiles } from "./root-files.ts";

/** What a slim image leaves out, and what of that it keeps: dpkg's patterns (dpkg(1), --path-exclude). */
export const slimExcludes = [
  "/usr/share/doc/*",
  "/usr/share/info/*",
  "/usr/share/linda/*",
  "/usr/share/lintian/overrides/*",
  "/usr/share/locale/*",
  "/usr/share/man/*",
  "/usr/share/doc/kde/HTML/*/*",
  "/usr/share/gnome/help/*/*",
  "/usr/share/omf/*/*-*.emf",
] as const;
export const slimIncludes = [
  "/usr/share/doc/*/copyright",
  "/usr/share/doc/kde/HTML/C/*",
  "/usr/share/gnome/help/*/C/*",
  "/usr/share/locale/all_languages",
  "/usr/share/locale/currency/*",
  "/usr/share/locale/l10n/*",
  "/usr/share/locale/languages",
  "/usr/share/locale/locale.alias",
  "/usr/share/omf/*/*-C.emf",
] as const;

/** Removing what apt keeps after each run: a layer would carry it for ever. */
const cleanCommand =
  "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true";

/** Settings of Docker's official Debian images, under the names that they have there. */
export function writeDockerFiles(root: RootFiles, options: { readonly slim: boolean }): void {
  root.write(
    "/usr/sbin/policy-rc.d",
    "#!/bin/sh\n# No service is started while an image is built (invoke-rc.d(8)): nothing supervises it there.\nexit 101\n",
    0o755,
  );
  const dpkg = "/etc/dpkg/dpkg.cfg.d";
  root.write(
    `${dpkg}/docker-apt-speedup`,
    "# An image that loses its build to a power cut is built again: dpkg need not sync every file.\nforce-unsafe-io\n",
  );
  const apt = "/etc/apt/apt.conf.d";
  root.write(
    `${apt}/docker-autoremove-suggests`,
    '# A package that is merely suggested goes when what needed it goes.\nApt::AutoRemove::SuggestsImportant "false";\n',
  );
  root.write(
    `${apt}/docker-clean`,
    `# Downloads and apt's caches are removed at once, so that no layer keeps them.
DPkg::Post-Invoke { "${cleanCommand}"; };
APT::Update::Post-Invoke { "${cleanCommand}"; };

Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
`,
  );
  root.write(
    `${apt}/docker-gzip-indexes`,
    '# Package lists that a layer keeps stay compressed.\nAcquire::GzipIndexes "true";\n',
  );
  root.write(`${apt}/docker-no-languages`, '# No translated descriptions.\nAcquire::Languages "none";\n');
  if (options.slim) root.write(`${dpkg}/docker`, slimConfiguration());
}

function slimConfiguration(): string {
  return [
    "# The slim variant: documentation and translations are left out, of packages installed later too.",
    ...slimExcludes.map((pattern) => `path-exclude ${pattern}`),
    ...slimIncludes.map((pattern) => `path-include ${pattern}`),
    "",
  ].join("\n");
}

/** The image's apt sources: the archive that it was made from. */
export function writeAptSources(
  root: RootFiles,
  archive: { readonly mirror: string; readonly securityMirror: string | undefined; readonly suites: readonly string[] },
): void {
  const keyring = ["pgp", "gpg"]
    .map((ending) => `/usr/share/keyrings/debian-archive-keyring.${ending}`)
    .find((file) => root.has(file));
  const stanza = (mirror: string, suites: readonly string[]): string =>
    [
      "Types: deb",
      `URIs: ${withoutPassword(mirror).replace(/\/$/, "")}`,
      `Suites: ${suites.join(" ")}`,
      "Components: main",
      ...(keyring === undefined ? [] : [`Signed-By: ${keyring}`]),
      "",
    ].join("\n");
  const security = archive.suites.filter((suite) => suite.endsWith("-security"));
  const main = archive.suites.filter((suite) => !security.includes(suite));
  root.remove("/etc/apt/sources.list");
  root.write(
    "/etc/apt/sources.list.d/debian.sources",
    [
      stanza(archive.mirror, main),
      ...(archive.securityMirror !== undefined && security.length > 0
        ? [stanza(archive.securityMirror, security)]
        : []),
    ].join("\n"),
  );
}

/** Nothing of a base was asked for by hand: apt may remove what nothing needs (apt-mark(8)). */
export function writeExtendedStates(
  root: RootFiles,
  packages: readonly { readonly name: string; readonly architecture: string }[],
  arch: string,
): void {
  const text = packages
    .map((entry) => {
      const architecture = entry.architecture === "all" ? arch : entry.architecture;
      return `Package: ${entry.name}\nArchitecture: ${architecture}\nAuto-Installed: 1\n\n`;
    })
    .join("");
  root.write("/var/lib/apt/extended_states", text);
}
