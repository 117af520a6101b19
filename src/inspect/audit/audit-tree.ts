import { posix } from "node:path";
import { InRoot } from "../in-root.ts";
import { machineName, machines } from "../machines.ts";
import { distributionOf } from "../packages/distribution.ts";
import { dpkgPackages } from "../packages/dpkg-apk.ts";
import { type Elf, readElf } from "../result/elf.ts";
import type { Program } from "../result/libraries.ts";
import { findProgram, interpreterLine, type StartSpec } from "../result/program.ts";
import { allowed } from "./allowances.ts";
import type { AuditFinding, AuditJob, AuditReport } from "./contract.ts";
import { inPages } from "./in-pages.ts";
import { LibraryFinder } from "./library-finder.ts";

const executable = 0o111;
const elfMagic = 0x7f454c46;
/** e_type of what a linker still has to put together. */
const ET_REL = 1;
const largestStatus = 1 << 20;
const statusFolder = "/var/lib/dpkg/status.d";
/** A script's interpreter may be a script, a few times (execve(2)). */
const deepest = 4;

/**
 * Whether all that the files of a base need is in it: the loader and the libraries of each program and library, the interpreter of each script
 * that may be executed, what links lead to, and what scanners read to see its packages. Synchronous, looks once at each file: call it in a worker
 * (auditRoot). No link leads out of the root.
 */
export function auditTree({ root: folder, architecture, env, base = "" }: AuditJob): AuditReport {
  const root = new InRoot(folder);
  const found = walk(root);
  const start = startOf(env);
  const findings = [
    ...found.damaged.map((path): AuditFinding => ({ kind: "damaged", file: path })),
    ...auditPrograms(root, found.objects, start, architecture),
    ...found.scripts.flatMap((path) => auditScript(root, path, start)),
    ...found.links.filter((path) => !root.resolve(path)).map((path) => danglingLink(root, path)),
  ];
  const status = auditStatus(root);
  const has = (pattern: RegExp): boolean => found.objects.keys().some((path) => pattern.test(path));
  const reasons = new Map<string, string[]>();
  const told: AuditFinding[] = [];
  const sorted = [...findings, ...status.findings].map((one) => shown(root, one));
  sorted.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  for (const finding of sorted) {
    const reason = allowed(finding, base, has);
    if (reason === undefined) told.push(finding);
    else reasons.set(reason, [...(reasons.get(reason) ?? []), finding.file]);
  }
  return {
    programs: found.objects.size,
    scripts: found.scripts.length,
    links: found.links.length,
    packages: status.packages,
    findings: told,
    allowed: [...reasons].map(([reason, files]) => ({ reason, files })),
  };
}

interface Walked {
  /** By their paths. */
  readonly objects: Map<string, Elf>;
  readonly damaged: string[];
  readonly scripts: string[];
  readonly links: string[];
}

function walk(root: InRoot): Walked {
  const found: Walked = { objects: new Map(), damaged: [], scripts: [], links: [] };
  const head = Buffer.alloc(4);
  const pending = [""];
  for (let here = pending.pop(); here !== undefined; here = pending.pop()) {
    for (const { name, kind } of root.entries(here) ?? []) {
      const path = `${here}/${name}`;
      if (kind === "folder") pending.push(path);
      else if (kind === "link") found.links.push(path);
      else if (kind === "file" && root.peek(path, head) === head.length) look(root, path, head, found);
    }
  }
  return found;
}

function look(root: InRoot, path: string, head: Buffer, found: Walked): void {
  const isScript = head[0] === 0x23 && head[1] === 0x21;
  if (!isScript && head.readUInt32BE(0) !== elfMagic) return;
  const file = root.openPlain(path);
  if (!file) return;
  try {
    if (isScript) {
      if ((file.stats.mode & executable) !== 0) found.scripts.push(path);
      return;
    }
    const elf = readElf(inPages(file.read));
    if (elf === "broken") found.damaged.push(path);
    else if (elf && elf.type !== ET_REL) found.objects.set(path, elf);
  } finally {
    file.close();
  }
}

function auditPrograms(
  root: InRoot,
  objects: ReadonlyMap<string, Elf>,
  start: StartSpec,
  architecture: string,
): readonly AuditFinding[] {
  const finder = new LibraryFinder(root, objects, start.env);
  const findings: AuditFinding[] = [];
  for (const [file, elf] of objects) {
    const object: Program = { path: file, elf };
    if (machines[architecture]?.includes(elf.machine) === false) {
      findings.push({ kind: "machine", file, needs: machineName(elf.machine) });
      continue;
    }
    if (elf.interpreter !== undefined && !root.resolve(elf.interpreter)?.stats.isFile()) {
      findings.push({ kind: "loader", file, needs: elf.interpreter });
    }
    for (const needs of elf.needed) {
      if (finder.find(needs, object)) continue;
      const elsewhere = finder.anywhere(needs, object);
      findings.push({ kind: "library", file, needs, elsewhere: elsewhere?.path });
    }
  }
  return withoutInherited(findings, objects, finder);
}

/** RPATH of whoever loads a library holds for what that needs as well. */
function withoutInherited(
  findings: readonly AuditFinding[],
  objects: ReadonlyMap<string, Elf>,
  finder: LibraryFinder,
): readonly AuditFinding[] {
  const givers = findings.some(({ kind }) => kind === "library")
    ? [...objects].filter(([, elf]) => elf.rpath.length > 0 && elf.runpath.length === 0)
    : [];
  if (givers.length === 0) return findings;
  const held = givers.map(([path, elf]) => ({ path, elf, loads: loadedBy({ path, elf }, finder) }));
  return findings.filter((finding) => {
    if (finding.kind !== "library") return true;
    return !held.some(({ loads, ...giver }) => loads.has(finding.file) && finder.find(finding.needs, giver));
  });
}

/** All that a program loads, by path. */
function loadedBy(program: Program, finder: LibraryFinder): ReadonlySet<string> {
  const seen = new Set<string>();
  const waiting = [program];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    for (const name of next.elf.needed) {
      const library = finder.find(name, next) ?? finder.find(name, program);
      if (library === undefined || library === "loader" || seen.has(library.path)) continue;
      seen.add(library.path);
      waiting.push(library);
    }
  }
  return seen;
}

function auditScript(root: InRoot, script: string, start: StartSpec): readonly AuditFinding[] {
  let path = script;
  for (let depth = 0; depth < deepest; depth++) {
    const file = root.openFile(path);
    const line = file && interpreterLine(file.read(0, 256));
    file?.close();
    if (!line) return [];
    const names = [line.program];
    // env looks its argument up itself; `-S` lets it have several
    const [, argument] = /^(?:-S\s+)?([^-=\s]\S*)/.exec(line.argument) ?? [];
    if (posix.basename(line.program) === "env" && argument !== undefined) names.push(argument);
    let next: string | undefined;
    for (const needs of names) {
      const place = findProgram(root, needs, start);
      if (place.kind === "unknown") return [];
      if (place.kind !== "found" || (place.mode & executable) === 0) {
        return [{ kind: "interpreter", file: script, needs }];
      }
      next = place.path;
    }
    if (next === undefined) return [];
    path = next;
  }
  return [];
}

function danglingLink(root: InRoot, path: string): AuditFinding {
  const target = root.linkTarget(path) ?? "";
  return { kind: "link", file: path, needs: posix.resolve(posix.dirname(path), target) };
}

/** What slipway's own SBOM and other scanners go by in images without dpkg's database. */
function auditStatus(root: InRoot): { readonly packages: number; readonly findings: readonly AuditFinding[] } {
  const names = new Set(root.list(statusFolder) ?? []);
  const findings: AuditFinding[] = [];
  let packages = 0;
  for (const name of names) {
    if (name.endsWith(".md5sums")) continue;
    const file = `${statusFolder}/${name}`;
    const bytes = root.read(file, largestStatus);
    const listed = bytes instanceof Buffer ? dpkgPackages(bytes.toString("utf8"), file) : [];
    packages += listed.length;
    if (listed.length !== 1 || listed[0]?.version === "") {
      findings.push({ kind: "status", file, needs: "one package with its version" });
    }
    if (!names.has(`${name}.md5sums`)) findings.push({ kind: "status", file, needs: `${name}.md5sums` });
  }
  if (packages > 0 && distributionOf(root)?.id === undefined) {
    findings.push({ kind: "status", file: "/etc/os-release", needs: "ID of the distribution" });
  }
  return { packages, findings };
}

/** Text as InRoot has paths: one character a byte. */
function startOf(env: readonly string[]): StartSpec {
  const pairs = env.map((text): [string, string] => {
    const bytes = Buffer.from(text).toString("latin1");
    const at = bytes.indexOf("=");
    return at < 0 ? [bytes, ""] : [bytes.slice(0, at), bytes.slice(at + 1)];
  });
  return { args: [], env: new Map(pairs), cwd: "/", volumes: [] };
}

function shown(root: InRoot, finding: AuditFinding): AuditFinding {
  const file = root.show(finding.file);
  if (finding.kind === "damaged") return { ...finding, file };
  const needs = root.show(finding.needs);
  if (finding.kind !== "library") return { ...finding, file, needs };
  const { elsewhere } = finding;
  return { ...finding, file, needs, elsewhere: elsewhere === undefined ? undefined : root.show(elsewhere) };
}

function key(finding: AuditFinding): string {
  return `${finding.file}\0${finding.kind}\0${"needs" in finding ? finding.needs : ""}`;
}
