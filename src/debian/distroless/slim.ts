import type { RootFiles } from "../root-files.ts";
import { libraryKinds } from "./ld-cache.ts";
import type { DebianArch } from "../contract.ts";

/** Removes what programs do not need: character sets that only iconv knows, manuals, changelogs, right/ time zones, javac's signatures. */
export function slimDown(root: RootFiles, arch: DebianArch): void {
  const { folder } = libraryKinds[arch];
  for (const path of [
    `/usr/lib/${folder}/gconv`,
    "/usr/share/lintian",
    "/usr/share/man",
    "/usr/share/info",
    "/usr/share/zoneinfo/right",
  ]) {
    root.remove(path);
  }
  for (const name of root.list("/usr/share/doc")) {
    for (const file of root.list(`/usr/share/doc/${name}`)) {
      if (file !== "copyright") root.remove(`/usr/share/doc/${name}/${file}`);
    }
  }
  for (const name of root.list("/usr/lib/jvm")) root.remove(`/usr/lib/jvm/${name}/lib/ct.sym`);
}
