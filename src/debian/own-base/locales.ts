import type { TakenFiles } from "../distroless/recipe.ts";
import type { CheckedYaml } from "./checked-yaml.ts";
import type { OwnBaseFile } from "./schema.ts";

export interface Locales {
  readonly taken: readonly TakenFiles[];
  /** What LANG is; undefined without locales. */
  readonly first: string | undefined;
  /** Whether these are files of the locales, which `extends` may have named too. */
  has(taken: TakenFiles): boolean;
}

/**
 * The compiled locales of a file: C.UTF-8 is in libc-bin, all others that Debian knows are in locales-all. A locale of one's own would have
 * to be compiled by localedef, a program of the base, which nothing runs.
 */
export function localeFiles({ value }: CheckedYaml<OwnBaseFile>): Locales {
  const names = value.locales ?? [];
  const folders = names.map((name) => ({ name, folder: localeFolder(name) }));
  const plain = folders.some(({ folder }) => folder === "C.utf8");
  const others = folders.filter(({ folder }) => folder !== "C.utf8");
  const taken: TakenFiles[] = [];
  if (plain) taken.push({ package: "libc-bin", paths: ["/usr/lib/locale/C.utf8"] });
  if (others.length > 0) {
    taken.push({
      package: "locales-all",
      paths: [...new Set(others.map(({ folder }) => `/usr/lib/locale/${folder}`))],
      linksInside: true,
    });
  }
  return {
    taken,
    first: names[0],
    has: (one) => taken.some((other) => other.package === one.package && other.paths.join() === one.paths.join()),
  };
}

/** Where glibc looks for a locale: its character set in lower-case letters and digits. */
function localeFolder(name: string): string {
  return name.replace(/\.([^@]*)/, (_, set: string) => `.${set.toLowerCase().replace(/[^a-z0-9]/g, "")}`);
}
