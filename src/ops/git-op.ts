import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../base/index.ts";
import { checkOutCommit, type GitCommit, resolveCommit, shownRemote } from "../fetch/index.ts";
import type { GitOp } from "../graph/index.ts";
import type { Op } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { fetchedTree, knownTree, treeKey, treeTimeKey } from "./remote/fetched-tree.ts";
import { openGitAccess } from "./remote/git-access.ts";
import { gitQuestion } from "./remote/heard.ts";
import { sourceLabel } from "./remote/source-label.ts";
import { answersOf } from "./remote/source-rooms.ts";

/**
 * The files of a commit of a git repository (ADD of a repository, build contexts). What a reference stands for is asked in every build;
 * the files of a commit are fetched once, and those of a commit that is named by its whole id are never asked for again.
 */
export function gitOp(op: GitOp, rooms: OpRooms): Op<FileTree> {
  const { source, context } = op;
  const label = sourceLabel(context, shownRemote(source.remote));
  return {
    role: "volatile",
    key: () => digestOf({ op }),
    run: async (_inputs, ctx) => {
      const commit = await answersOf(rooms).once(gitQuestion(op), async () => {
        await using access = await openGitAccess(source.remote, rooms, ctx);
        return await resolveCommit(source, access);
      });
      const key = keyOf(op, commit);
      const known = knownTree(key, label, rooms);
      if (known) return known;
      let time: number | undefined;
      const fill = async (into: string): Promise<void> => {
        await using access = await openGitAccess(source.remote, rooms, ctx);
        const scratch = join(access.folder, "work");
        mkdirSync(scratch);
        ({ time } = await checkOutCommit({ source, commit, keepGitDir: op.keepGitDir, into, scratch }, access));
      };
      const tree = await fetchedTree({ key, label, fill }, rooms, ctx);
      if (time !== undefined) rooms.store.facts.set(treeTimeKey(tree.id as string), time);
      return tree;
    },
  };
}

/** Files follow from the commit alone; `.git` also has the reference and the address in it. */
function keyOf({ source, keepGitDir }: GitOp, { commit, object, ref }: GitCommit): ReturnType<typeof treeKey> {
  const { subdir, submodules, mtime, remote } = source;
  const kept = keepGitDir && !subdir ? { remote: shownRemote(remote), ref, object } : undefined;
  return treeKey({ commit, subdir, submodules, mtime, kept });
}
