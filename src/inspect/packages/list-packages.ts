import type { InstalledPackage } from "../contract.ts";
import type { InRoot } from "../in-root.ts";
import { systemPackages } from "./system-packages.ts";

/** Every package that a database of a distribution lists as installed, sorted by name; what cannot be read goes to `note`. */
export function listPackages(root: InRoot, note: (text: string) => void): readonly InstalledPackage[] {
  const found = systemPackages(root, note).map(({ name, version, kind }): InstalledPackage => ({
    name,
    version,
    manager: kind as InstalledPackage["manager"],
  }));
  const unique = new Map(found.map((item) => [`${item.manager} ${item.name} ${item.version}`, item]));
  return [...unique.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
