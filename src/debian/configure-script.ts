import type { DebianArch } from "./contract.ts";
import { controlField, infoName, type UnpackedPackage } from "./dpkg-database.ts";

/**
 * What runs in the sandbox over a root with unpacked packages: the scripts that dpkg runs before it unpacks, then dpkg itself.
 * (Debian policy 6.5: `preinst install`, with the variables that dpkg(1) names.)
 */
export function configureScript(packages: readonly UnpackedPackage[], arch: DebianArch): string {
  const dpkg = packages.find((entry) => entry.name === "dpkg");
  const before = packages
    .filter((entry) => entry.contents.controlFiles.some((file) => file.name === "preinst"))
    // base-passwd makes the first users and groups, which the other scripts name.
    .toSorted((a, b) => Number(b.name === "base-passwd") - Number(a.name === "base-passwd"));
  const lines = [
    "export DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT= DPKG_MAINTSCRIPT_DEBUG=0 DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1",
    `export DPKG_RUNNING_VERSION=${quote(dpkg ? controlField(dpkg.contents, "version") : "")}`,
    ...before.map((entry) => {
      const architecture = entry.architecture === "all" ? "all" : arch;
      const variables = [
        `DPKG_MAINTSCRIPT_NAME=preinst`,
        `DPKG_MAINTSCRIPT_PACKAGE=${quote(entry.name)}`,
        `DPKG_MAINTSCRIPT_ARCH=${architecture}`,
      ];
      return `${variables.join(" ")} /var/lib/dpkg/info/${quote(infoName(entry))}.preinst install </dev/null`;
    }),
    "unset DPKG_ADMINDIR DPKG_ROOT DPKG_MAINTSCRIPT_DEBUG DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT DPKG_RUNNING_VERSION",
    "exec dpkg --force-confdef --force-confold --force-unsafe-io --configure --pending </dev/null",
  ];
  return lines.join("\n");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
