import { openArchive } from "./archive.ts";
import type { Archive, BaseRooms, DebianPackage, MakeBaseOptions } from "./contract.ts";

/**
 * The packages that a base would be made of now: the archive is asked, also when it was asked a moment ago.
 * Throws as openArchive does.
 */
export async function currentPackages(
  options: Omit<MakeBaseOptions, "owner">,
  rooms: Pick<BaseRooms, "cache" | "ctx">,
): Promise<{ readonly archive: Archive; readonly packages: readonly DebianPackage[] }> {
  const archive = await openArchive({ ...options, ...rooms, maxAge: 0 });
  return { archive, packages: basePackages(archive) };
}

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
