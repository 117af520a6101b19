import type { DebianArch } from "./contract.ts";
import { controlField, infoName, type UnpackedPackage } from "./dpkg-database.ts";
import type { RootFiles } from "./root-files.ts";

/** Where dpkg has a package's control files while its preinst runs; debconf looks there for the package's name and templates. */
const current = "/var/lib/dpkg/tmp.ci";

/**
 * Makes ready, and names, what runs in the sandbox over a root with unpacked packages: the scripts that dpkg runs before it unpacks, then
 * dpkg itself (Debian policy 6.5: `preinst install`, with the variables that dpkg(1) names).
 * @returns a shell script.
 */
export function prepareConfigure(root: RootFiles, packages: readonly UnpackedPackage[], arch: DebianArch): string {
  const dpkg = packages.find((entry) => entry.name === "dpkg");
  const before = packages
    .filter((entry) => entry.contents.controlFiles.some((file) => file.name === "preinst"))
    // base-passwd makes the first users and groups, which the other scripts name.
    .toSorted((a, b) => Number(b.name === "base-passwd") - Number(a.name === "base-passwd"));
  for (const entry of before) {
    const folder = `${current}/${infoName(entry)}`;
    root.write(`${folder}/control`, entry.contents.control);
    for (const file of entry.contents.controlFiles) root.write(`${folder}/${file.name}`, file.data, file.mode & 0o777);
  }
  return [
    `mv ${current} ${current}.all`,
    "export DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT= DPKG_MAINTSCRIPT_DEBUG=0 DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1",
    `export DPKG_RUNNING_VERSION=${quote(dpkg ? controlField(dpkg.contents, "version") : "")}`,
    ...before.map((entry) => preinst(entry, arch)),
    `rm -rf ${current}.all`,
    "unset DPKG_ADMINDIR DPKG_ROOT DPKG_MAINTSCRIPT_DEBUG DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT DPKG_RUNNING_VERSION",
    "exec dpkg --force-confdef --force-confold --force-unsafe-io --configure --pending </dev/null",
  ].join("\n");
}

function preinst(entry: UnpackedPackage, arch: DebianArch): string {
  const variables = [
    "DPKG_MAINTSCRIPT_NAME=preinst",
    `DPKG_MAINTSCRIPT_PACKAGE=${quote(entry.name)}`,
    `DPKG_MAINTSCRIPT_ARCH=${entry.architecture === "all" ? "all" : arch}`,
  ];
  return [
    `mv ${current}.all/${quote(infoName(entry))} ${current}`,
    `${variables.join(" ")} ${current}/preinst install </dev/null`,
    `rm -rf ${current}`,
  ].join("\n");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
