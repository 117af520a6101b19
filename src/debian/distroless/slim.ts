import type { RootFiles } from "../root-files.ts";
import { libraryKinds } from "./ld-cache.ts";
import type { DebianArch } from "../contract.ts";

/** Removes what programs do not need: documents, character sets that only iconv knows, right/ time zones, javac's signatures. */
export function slimDown(root: RootFiles, arch: DebianArch): void {
  removeDocuments(root);
  root.remove(`/usr/lib/${libraryKinds[arch].folder}/gconv`);
  root.remove("/usr/share/zoneinfo/right");
  for (const name of root.list("/usr/lib/jvm")) root.remove(`/usr/lib/jvm/${name}/lib/ct.sym`);
}

/** Removes what people read, and reportbug and lintian for them: no program of an image does. Licences and the notices that they ask for stay. */
export function removeDocuments(root: RootFiles): void {
  for (const name of ["bug", "doc-base", "info", "lintian", "man"]) root.remove(`/usr/share/${name}`);
  for (const name of root.list("/usr/share/doc")) {
    for (const file of root.list(`/usr/share/doc/${name}`)) {
      if (!/^(?:copyright|NOTICE)/.test(file)) root.remove(`/usr/share/doc/${name}/${file}`);
    }
  }
}
