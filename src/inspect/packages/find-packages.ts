import { type CancelFlag, throwIfCancelled } from "../../base/index.ts";
import type { FoundSoftware, SoftwarePackage } from "../../attest/index.ts";
import { InRoot, type OpenFile } from "../in-root.ts";
import { distributionOf } from "./distribution.ts";
import { goModules } from "./go-program.ts";
import { type ArchiveBudget, isJavaArchive, javaPackages } from "./java.ts";
import { layersOf } from "./layers-of.ts";
import { type LockedPackage, lockedPackages, npmPackage } from "./npm.ts";
import { pythonPackage } from "./python.ts";
import { cleanText } from "./text.ts";
import { systemPackages, withLicenses } from "./system-packages.ts";

export interface FindPackagesJob {
  /** The image's files, mounted. */
  readonly root: string;
  /** Each layer's folder of changes, bottom first. */
  readonly layers: readonly string[];
  readonly cancel?: CancelFlag | undefined;
}

/** Of one image. */
const most = { packages: 200_000, notes: 100, unpacked: 1 << 30 };
/** Of one file. */
const largest = { packageJson: 1 << 20, lock: 32 << 20, metadata: 256 << 10 };
const executable = 0o111;

/**
 * Every package of an image: what its distribution's databases list, and what programs and packages of languages carry about themselves.
 * Synchronous, walks all files: call it in a worker. The content is hostile: no link leads out of the root, everything that is read is
 * bounded, and what cannot be read is a note. Throws SLIP_CANCELLED alone.
 */
export function findPackages({ root: folder, layers, cancel }: FindPackagesJob): FoundSoftware {
  const root = new InRoot(folder);
  const notes = new Set<string>();
  let untold = 0;
  const note = (told: string): void => {
    const text = shortened(cleanText(told, 16_384) ?? "");
    if (notes.size < most.notes) notes.add(text);
    else if (!notes.has(text)) untold++;
  };
  const system = systemPackages(root, note).map((item) => withLicenses(item, root));
  const all = [...system, ...new Walk(root, note, cancel).packages()];
  if (all.length > most.packages) note(`more than ${most.packages} packages: the others are not listed`);
  const unique = new Map(all.slice(0, most.packages).map((item) => [identity(item), item]));
  const sorted = [...unique].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, item]) => item);
  const packages = layersOf(sorted, root, layers, note);
  if (untold > 0) notes.add(`${untold} more files could not be read`);
  return { packages, distribution: distributionOf(root), notes: [...notes].sort() };
}

/** A path may be longer than anyone reads. */
function shortened(text: string): string {
  return text.length <= 1000 ? text : `${text.slice(0, 600)}...${text.slice(-300)}`.toWellFormed();
}

function identity({ kind, name, version, group, architecture, path, within }: SoftwarePackage): string {
  return [kind, name, version, group ?? "", architecture ?? "", path, within ?? ""].join("\0");
}

/** Looks for what languages leave, over all files. */
class Walk {
  readonly #root: InRoot;
  readonly #note: (text: string) => void;
  readonly #cancel: CancelFlag | undefined;
  readonly #found: SoftwarePackage[] = [];
  readonly #budget: ArchiveBudget = { bytes: most.unpacked, packages: most.packages };
  /** Installed npm packages, by the folder that they lie in. */
  readonly #npm = new Map<string, SoftwarePackage>();

  constructor(root: InRoot, note: (text: string) => void, cancel: CancelFlag | undefined) {
    this.#root = root;
    this.#note = note;
    this.#cancel = cancel;
  }

  packages(): readonly SoftwarePackage[] {
    const locks: {
      readonly folder: string;
      readonly packages: readonly LockedPackage[];
      readonly installed: boolean;
    }[] = [];
    const pending = [""];
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      throwIfCancelled(this.#cancel);
      const names = this.#root.list(folder)?.toSorted();
      if (!names) this.#note(`${this.#root.show(folder)} could not be read`);
      const has = new Set(names);
      for (const name of names ?? []) {
        if (this.#found.length > most.packages) return this.#found;
        const path = `${folder}/${name}`;
        const stats = this.#root.lstat(path);
        if (!stats) this.#note(`${this.#root.show(path)} could not be read`);
        else if (stats.isDirectory()) pending.push(path);
        else if (!stats.isFile()) continue;
        else if (name === "package-lock.json" || name === ".package-lock.json") {
          const text = this.#text(path, largest.lock);
          const inside = name.startsWith(".") && folder.endsWith("/node_modules");
          const project = inside ? folder.slice(0, -"/node_modules".length) : folder;
          const packages = text === undefined ? [] : lockedPackages(text, this.#root.show(path));
          locks.push({ folder: project, packages, installed: inside || has.has("node_modules") });
        } else this.#look(path, folder, name, has, (stats.mode & executable) !== 0);
      }
    }
    for (const { folder, packages, installed } of locks) this.#join(folder, packages, installed);
    return [...this.#found, ...this.#npm.values()];
  }

  #look(path: string, folder: string, name: string, beside: ReadonlySet<string>, isProgram: boolean): void {
    if (name === "package.json") {
      const installed = /\/node_modules\/(?:@[^/]+\/)?[^/@][^/]*$/.test(folder);
      if (!installed && !beside.has("node_modules") && !beside.has("package-lock.json")) return;
      const [item] = npmPackage(this.#text(path, largest.packageJson) ?? "", this.#root.show(path));
      if (item) this.#npm.set(folder, item);
    } else if (isPythonMetadata(folder, name)) {
      this.#found.push(...pythonPackage(this.#head(path, largest.metadata), this.#root.show(path)));
    } else if (isJavaArchive(name)) {
      this.#open(path, ({ read, stats }) =>
        javaPackages(read, stats.size, this.#root.show(path), this.#budget, this.#note),
      );
    } else if (isProgram) {
      this.#open(path, ({ read }) => goModules(read, this.#root.show(path)));
    }
  }

  /** A lock file tells the digests of what is installed; where nothing is installed, what it names is all that is known. */
  #join(project: string, packages: readonly LockedPackage[], installed: boolean): void {
    for (const { folder, item, dev } of packages) {
      const there = this.#npm.get(`${project}/${Buffer.from(folder).toString("latin1")}`);
      if (there && there.version === item.version && item.checksum) {
        this.#npm.set(`${project}/${Buffer.from(folder).toString("latin1")}`, { ...there, checksum: item.checksum });
      }
      if (!installed && !dev) this.#found.push({ ...item, declared: true });
    }
  }

  #open(path: string, look: (file: OpenFile) => readonly SoftwarePackage[]): void {
    const file = this.#root.openFile(path);
    if (!file) return this.#note(`${this.#root.show(path)} could not be read`);
    try {
      for (const item of look(file)) this.#found.push(item);
    } finally {
      file.close();
    }
  }

  /** The beginning of a file. */
  #head(path: string, limit: number): string {
    const file = this.#root.openFile(path);
    try {
      return file?.read(0, limit).toString("utf8") ?? "";
    } finally {
      file?.close();
    }
  }

  #text(path: string, limit: number): string | undefined {
    const bytes = this.#root.read(path, limit);
    if (bytes instanceof Buffer) return bytes.toString("utf8");
    this.#note(`${this.#root.show(path)} is larger than ${limit >> 20} MB and was not read`);
    return undefined;
  }
}

function isPythonMetadata(folder: string, name: string): boolean {
  if (name === "METADATA") return folder.endsWith(".dist-info");
  if (name === "PKG-INFO") return folder.endsWith(".egg-info");
  return name.endsWith(".egg-info");
}
