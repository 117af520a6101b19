import { chmodSync, lstatSync, writeFileSync } from "node:fs";
import { type CancelFlag, fsPath, throwIfCancelled, toBytes } from "../../base/index.ts";
import { applyMode } from "./apply-mode.ts";
import { extractArchive, isArchive } from "./archive.ts";
import { clearForFile, EntryCopier, type EntryOptions } from "./copy-entry.ts";
import { Destination, type DestinationOptions, setTime } from "./destination.ts";
import { type Selected, type SelectOptions, selectLiteral, selectSource } from "./select.ts";
import { openTree, type Tree, type TreeEntry, type TreeSpec, walkTree } from "./tree.ts";
import { unreadable } from "./unreadable.ts";

/** One source of a copy. */
export type CopySourceRequest =
  | {
      readonly type: "path";
      readonly tree: TreeSpec;
      readonly path: string;
      /** The path is no pattern. */
      readonly literal?: boolean | undefined;
      /** ADD: an archive is unpacked. */
      readonly unpack?: boolean | undefined;
    }
  | { readonly type: "inline"; readonly name: string; readonly content: string };

export interface CopyRequest extends SelectOptions, DestinationOptions, EntryOptions {
  readonly sources: readonly CopySourceRequest[];
  readonly cancel?: CancelFlag | undefined;
}

/** What a person should know of a copy. */
export interface CopyReport {
  /** Device nodes that the kernel did not let this user make. */
  readonly leftOut: readonly string[];
  /** Patterns that nothing matched. */
  readonly unmatched: readonly string[];
}

/** Entries between two looks at whether the copy is still wanted. */
const cancelEvery = 64;

/**
 * Copies sources into a root by the rules of the Dockerfile reference ("COPY", "ADD"): a folder gives its content, a file lands
 * in an existing or slash-ended destination under its name, otherwise at it. Missing parents are made for the owner asked for, with
 * the bits asked for where those are octal, and 0755 otherwise.
 * Links in the destination are followed inside the root; links in a copied folder stay links.
 * Throws SLIP_COPY_NOT_FOUND, SLIP_COPY_DESTINATION, SLIP_CONTEXT, SLIP_CANCELLED, and SLIP_SANDBOX for owners that this user namespace lacks.
 */
export async function copySources(request: CopyRequest): Promise<CopyReport> {
  const copier = new Copier(request);
  for (const source of request.sources) {
    try {
      if (source.type === "inline") copier.inline(source.name, source.content);
      else await copier.path(source);
    } catch (error) {
      throw unreadable(source.type === "path" ? source.tree : undefined, error);
    }
  }
  const { leftOut, unmatched } = copier;
  return { leftOut, unmatched };
}

class Copier implements CopyReport {
  readonly leftOut: string[] = [];
  readonly unmatched: string[] = [];
  readonly #request: CopyRequest;
  readonly #into: Destination;
  readonly #trees = new Map<TreeSpec, Tree>();
  #copied = 0;

  constructor(request: CopyRequest) {
    this.#request = request;
    this.#into = new Destination(request);
  }

  async path(source: CopySourceRequest & { type: "path" }): Promise<void> {
    const tree = this.#tree(source.tree);
    const select = source.literal ? selectLiteral : selectSource;
    const found = select(tree, source.path, this.#request);
    // What was there and is excluded was meant to be left out.
    const { parents } = this.#request;
    if (found.length === 0 && select(tree, source.path, { parents }).length === 0) this.unmatched.push(source.path);
    for (const selected of found) {
      this.#into.forget();
      const absolute = fsPath(`${tree.base}/${selected.path}`);
      const stat = lstatSync(absolute);
      if (stat.isDirectory()) this.#folder(tree, selected, { path: selected.path, below: "", absolute, stat });
      else if (source.unpack && stat.isFile() && (await isArchive(absolute))) await this.#unpack(absolute);
      else {
        const copier = new EntryCopier(tree, this.#into, this.#request);
        const target = this.#into.file(selected.name, this.#parentMode());
        copier.copy({ path: selected.path, below: "", absolute, stat }, target);
        this.leftOut.push(...copier.leftOut);
      }
    }
  }

  inline(name: string, content: string): void {
    const { owner, mode, time } = this.#request;
    this.#into.forget();
    const target = this.#into.file(toBytes(name), this.#parentMode());
    const existing = this.#into.existing(target);
    if (existing) clearForFile(existing.isDirectory(), target, this.#into);
    writeFileSync(fsPath(target), content, { flag: "wx" });
    this.#into.chown(target, owner ?? { uid: 0, gid: 0 });
    chmodSync(fsPath(target), applyMode(mode, 0o644, false));
    if (time !== undefined) setTime(target, time);
  }

  #tree(spec: TreeSpec): Tree {
    let tree = this.#trees.get(spec);
    if (!tree) this.#trees.set(spec, (tree = openTree(spec)));
    return tree;
  }

  #folder(tree: Tree, selected: Selected, top: TreeEntry): void {
    const into = this.#into.folder(this.#parentMode());
    const copier = new EntryCopier(tree, this.#into, this.#request);
    let took = 0;
    // The destination is no copy of the folder: it takes its time alone.
    if (into !== this.#into.root) copier.timeLater(top, into);
    walkTree(
      tree,
      selected.path,
      (entry) => {
        if (this.#copied++ % cancelEvery === 0) throwIfCancelled(this.#request.cancel);
        if (entry.below === "") return true;
        took++;
        copier.copy(entry, `${into}/${entry.below}`);
        return true;
      },
      selected.filter,
    );
    if (took === 0) selected.tookNothing();
    copier.finish();
    this.leftOut.push(...copier.leftOut);
  }

  async #unpack(archive: string | Buffer): Promise<void> {
    const { owner, squashOwners, cancel } = this.#request;
    const into = this.#into.folder(0o755);
    const keep = squashOwners ? "squash" : (owner ?? "keep");
    this.leftOut.push(...(await extractArchive(archive, into, keep, cancel)));
  }

  /** As for BuildKit, what `--chmod` gives in octal goes for the folders that have to be made too. */
  #parentMode(): number {
    const { mode } = this.#request;
    return typeof mode === "number" ? mode & 0o777 : 0o755;
  }
}
