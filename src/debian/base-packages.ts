import type { Archive, DebianPackage } from "./contract.ts";

/**
 * The packages of Docker's `debian` images (debootstrap's variant minbase): what is essential or of priority required, apt, and what they need.
 */
export function basePackages(archive: Archive): readonly DebianPackage[] {
  const names = archive.select((entry) => entry.essential || entry.priority === "required").map((entry) => entry.name);
  const packages = archive.resolve([...new Set([...names, "apt"])]);
  // A new root is merged from the start: it needs no program, and no Perl, to convert itself.
  const converts = packages.some((entry) => entry.name === "usrmerge");
  return converts ? archive.resolve([...new Set([...names, "apt", "usr-is-merged"])]) : packages;
}
