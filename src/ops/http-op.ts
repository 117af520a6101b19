import { chmodSync, renameSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../base/index.ts";
import { withoutPassword } from "../fetch/index.ts";
import type { HttpOp, Vertex } from "../graph/index.ts";
import { NeedsRun, type Op } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { askFile, type KnownFile } from "./remote/ask-file.ts";
import { type FetchedTree, fetchedTree, knownTree, treeKey } from "./remote/fetched-tree.ts";
import { httpQuestion } from "./remote/heard.ts";
import { sourceLabel } from "./remote/source-label.ts";
import { answersOf, openWork, unpackTree } from "./remote/source-rooms.ts";

/**
 * A file from a web server: what ADD takes from an address, or a build context that lies at one. It is asked for in every build, unless its
 * checksum is said and it was fetched before; what has not changed since the last time is not sent again.
 * The file has mode 0600 and the time that the server says (Dockerfile reference, "ADD": files from a URL).
 */
export function httpOp(op: HttpOp, vertex: Vertex, rooms: OpRooms): Op<FileTree> {
  const { url, checksum, context } = op;
  const label = sourceLabel(context, withoutPassword(url));
  const keys = keysOf(op);
  const treeOf = (file: KnownFile): FetchedTree | undefined =>
    (context === undefined ? undefined : knownTree(keys.archive(file), label, rooms)) ??
    knownTree(keys.file(file), label, rooms);
  return {
    role: "volatile",
    key: () => digestOf({ op }),
    run: async (_inputs, ctx) => {
      await using work = openWork(rooms);
      const into = work.folder && join(work.folder, "file");
      let isThere = false;
      const ask = async (wanted: KnownFile["digest"] | undefined, usable: boolean): Promise<KnownFile> => {
        const { file, fetched } = await askFile(
          {
            url,
            checksum: wanted,
            checksumFrom: op.checksumFrom,
            into,
            usable: (known) => usable && treeOf(known) !== undefined,
            onProgress: (current, total) =>
              ctx.emit({
                type: "step-progress",
                id: vertex.digest,
                label: "downloading",
                current,
                total,
                unit: "bytes",
              }),
          },
          rooms,
          ctx,
        );
        isThere = fetched;
        return file;
      };
      const file = await answersOf(rooms).once(httpQuestion(op), () => ask(checksum, true));
      const known = treeOf(file);
      if (known) return known;
      // Another step asked, and has laid it out otherwise.
      if (!isThere) await ask(file.digest, false);
      if (into === undefined) throw new NeedsRun();
      const { isArchive } = await import("./tree/archive.ts");
      if (context !== undefined && (await isArchive(into))) {
        const fill = (root: string): Promise<void> => unpackTree(into, root, label, rooms, ctx);
        return await fetchedTree({ key: keys.archive(file), label, fill }, rooms, ctx);
      }
      const fill = async (root: string): Promise<void> => {
        const path = join(root, op.name);
        renameSync(into, path);
        chmodSync(path, 0o600);
        utimesSync(path, file.time, file.time);
      };
      return await fetchedTree({ key: keys.file(file), label, fill }, rooms, ctx);
    },
  };
}

function keysOf({ name }: HttpOp) {
  return {
    archive: ({ digest }: KnownFile) => treeKey({ archive: digest }),
    file: ({ digest, time }: KnownFile) => treeKey({ file: digest, name, time }),
  };
}
