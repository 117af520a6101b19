import { createHash } from "node:crypto";
import { throwIfCancelled } from "../base/index.ts";
import type { FileDigest, FileDigestsJob } from "./file-digests.ts";
import { InRoot } from "./in-root.ts";

const piece = 1 << 20;

/** Digests of all regular files of a root, sorted by path. Synchronous: call it in a worker (listDigests). No link is followed. */
export function fileDigests({ root: folder, cancel }: FileDigestsJob): readonly FileDigest[] {
  const root = new InRoot(folder);
  const found: FileDigest[] = [];
  const pending = [""];
  for (let here = pending.pop(); here !== undefined; here = pending.pop()) {
    for (const name of root.list(here) ?? []) {
      throwIfCancelled(cancel);
      const path = `${here}/${name}`;
      const stats = root.lstat(path);
      if (stats?.isDirectory()) pending.push(path);
      else if (stats?.isFile()) {
        const sha256 = digestOf(root, path);
        if (sha256 !== undefined) found.push({ path: root.show(path).slice(1), sha256 });
      }
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function digestOf(root: InRoot, path: string): string | undefined {
  const file = root.openFile(path);
  if (!file) return undefined;
  try {
    const hash = createHash("sha256");
    for (let at = 0; at < file.stats.size;) {
      const bytes = file.read(at, piece);
      if (bytes.length === 0) break;
      hash.update(bytes);
      at += bytes.length;
    }
    return hash.digest("hex");
  } finally {
    file.close();
  }
}
