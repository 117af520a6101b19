import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, join, resolve, sep } from "node:path";
import type { SlipwayError } from "../../base/index.ts";

/** What a path beside a description leads to. */
export type LocalEntry =
  | { readonly type: "file"; readonly path: string; readonly content: Buffer; readonly executable: boolean }
  | { readonly type: "folder"; readonly path: string }
  | { readonly type: "link"; readonly path: string; readonly target: string };

/** Makes an error about the path, with its place in the description. */
type Fault = (what: string, hint?: string) => SlipwayError;

/** Bytes that one base may take from files; what is more belongs into a layer of its own. */
const most = 256 << 20;

/** Reads what a description takes from beside it: nothing outside of its folder, also not through links. */
export class LocalFiles {
  readonly #folder: string;
  #left = most;

  /** @param folder that of the description. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A regular file's bytes. */
  file(from: string, fault: Fault): Buffer {
    const full = this.#find(from, fault);
    if (!statSync(full).isFile()) throw fault(`${from} is no file`);
    return this.#read(full, from, fault);
  }

  /**
   * A file, or a folder with all that is in it, sorted; paths are those inside, empty for the thing itself. Of permissions only counts whether
   * the owner may run a file, as with git: the others are those of whoever checked it out.
   */
  tree(from: string, fault: Fault): readonly LocalEntry[] {
    return this.#entry(this.#find(from, fault), "", from, fault);
  }

  #entry(full: string, path: string, from: string, fault: Fault): readonly LocalEntry[] {
    const shown = path === "" ? from : `${from.replace(/\/$/, "")}${path}`;
    const stats = lstatSync(full);
    if (stats.isSymbolicLink()) return [{ type: "link", path, target: readlinkSync(full) }];
    if (stats.isFile()) {
      const content = this.#read(full, shown, fault);
      return [{ type: "file", path, content, executable: (stats.mode & 0o100) !== 0 }];
    }
    if (!stats.isDirectory()) throw fault(`${shown} is neither file, folder nor link`);
    const names = readdirSync(full).sort();
    const odd = names.find((name) => /[\uFFFD\u0000-\u001f\u007f]/.test(name));
    if (odd !== undefined) throw fault(`${shown} has a file whose name is no plain UTF-8`, "rename it");
    return [
      { type: "folder", path },
      ...names.flatMap((name) => this.#entry(join(full, name), `${path}/${name}`, from, fault)),
    ];
  }

  /** The real path, which is inside. */
  #find(from: string, fault: Fault): string {
    const outside = (): SlipwayError =>
      fault(
        `${from} lies outside of the folder of this file`,
        "copy it beside this file: a base is made of what lies there, so that it is made the same elsewhere",
      );
    if (from === "") throw fault("the path is empty", "write the name of a file beside this one");
    const wanted = resolve(this.#folder, from);
    if (isAbsolute(from) || !isInside(this.#folder, wanted)) throw outside();
    let real: string;
    try {
      real = realpathSync(wanted);
    } catch {
      throw fault(`${from} is not there`, `paths are relative to the folder of this file`);
    }
    if (!isInside(realpathSync(this.#folder), real)) throw outside();
    return real;
  }

  #read(full: string, shown: string, fault: Fault): Buffer {
    this.#left -= statSync(full).size;
    if (this.#left < 0) {
      throw fault(
        `with ${shown} the files of the base are larger than ${most >> 20} MB`,
        "build on the base with a Dockerfile, and COPY them there",
      );
    }
    try {
      return readFileSync(full);
    } catch (error) {
      throw fault(`${shown} cannot be read: ${(error as Error).message}`);
    }
  }
}

function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
