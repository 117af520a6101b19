import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { dirname } from "node:path";
import { isSlipwayError, SlipwayError } from "../../base/index.ts";
import type { OwnerPolicy } from "../contract.ts";
import type { UnpackedPackage } from "../dpkg-database.ts";
import { RootFiles } from "../root-files.ts";
import { appletNames } from "./busybox.ts";
import { readPem, writeKeystore } from "./keystore.ts";
import { type CachedLibrary, libraryKinds, sonameOf, writeLdCache } from "./ld-cache.ts";
import type { BaseRecipe, RecipeUser } from "./recipe.ts";
import { removeDocuments, slimDown } from "./slim.ts";
import { takeLocales } from "./take-locales.ts";
import { keepTimeZones } from "./time-zones.ts";

export interface FinishJob {
  readonly recipe: BaseRecipe;
  readonly unpacked: readonly UnpackedPackage[];
  /** Packages that only give files. */
  readonly given: readonly UnpackedPackage[];
  /** The folder with a folder for each package that only gives files. */
  readonly materials: string;
  /** The archive's, in milliseconds since the epoch. */
  readonly time: number;
  readonly owner: OwnerPolicy;
}

/** Adds to the packages' files what their programs would have made, and what the recipe says; what the recipe says comes last. */
export function finishRoot(root: RootFiles, job: FinishJob): void {
  const { recipe, unpacked, given, materials } = job;
  const installed = new Set(unpacked.map(({ name }) => name));
  for (const taken of recipe.taken ?? []) {
    // Of a package of the image all files are there.
    if (installed.has(taken.package)) continue;
    if (taken.linksInside) takeLocales(root, `${materials}/${taken.package}`, taken.paths, recipe);
    else for (const path of taken.paths) takeFiles(root, placeOf(`${materials}/${taken.package}`, path), path);
  }
  if (recipe.certificates) writeCertificates(root, job);
  if (recipe.busybox) installBusybox(root, materials);
  if (recipe.users) root.write("/etc/passwd", recipe.users.map(passwdLine).join(""));
  if (recipe.groups) {
    root.write(
      "/etc/group",
      recipe.groups.map((one) => `${one.name}:x:${one.gid}:${one.members?.join() ?? ""}\n`).join(""),
    );
  }
  for (const { name } of given) takeLicence(root, `${materials}/${name}`, name);
  if (recipe.noDocuments) removeDocuments(root);
  if (recipe.slim) slimDown(root, recipe.arch);
  if (recipe.timezones) keepTimeZones(root, recipe);
  writeOwn(root, job);
  writeStatus(root, [...unpacked, ...given]);
  if (recipe.libraryCache) root.write("/etc/ld.so.cache", writeLdCache(librariesOf(root, recipe.arch), recipe.arch));
}

/** What the recipe lists itself. An error about a path has the place where the recipe names it, or a folder above it. */
function writeOwn(root: RootFiles, { recipe, owner }: FinishJob): void {
  const { places = {} } = recipe;
  const each = <T extends { readonly path: string }>(all: readonly T[] = [], write: (one: T) => void): void => {
    for (const one of all) {
      try {
        write(one);
      } catch (error) {
        let at = one.path;
        while (at !== "" && !places[`path ${at}`]) at = at.slice(0, at.lastIndexOf("/"));
        const location = places[`path ${at}`];
        throw isSlipwayError(error) && location ? error.at(location) : error;
      }
    }
  };
  each(recipe.folders, ({ path, mode, uid, gid }) => {
    // The folder /bin is /usr/bin where that is a link.
    const at = settled(root, `${path}/`).replace(/\/$/, "");
    root.folder(at);
    chmodSync(root.path(at), mode);
    own(root, at, uid, gid, owner);
  });
  each(recipe.files, ({ path, content, mode, uid, gid }) => {
    const at = settled(root, path);
    root.write(at, content, mode);
    own(root, at, uid, gid, owner);
    // chown(2) takes setuid away.
    chmodSync(root.path(at), mode ?? 0o644);
  });
  each(recipe.links, ({ path, target }) => {
    link(root, settled(root, path), target);
  });
}

/** What scanners read in place of dpkg's status: a file a package, its control file, and beside it the sums of those of its files that are there. */
function writeStatus(root: RootFiles, packages: readonly UnpackedPackage[]): void {
  for (const { name, contents } of packages) {
    root.write(`/var/lib/dpkg/status.d/${name}`, contents.control);
    const sums = contents.controlFiles.find((file) => file.name === "md5sums")?.data;
    const lines = (sums === undefined ? "" : Buffer.from(sums).toString("latin1")).match(/.+\n?/g) ?? [];
    const there = lines.filter((line) => root.has(settled(root, `/${line.slice(34).trimEnd()}`)));
    root.write(`/var/lib/dpkg/status.d/${name}.md5sums`, Buffer.from(there.join(""), "latin1"));
  }
}

/** Of a package that gives files; one without a licence of its own has a link to another's. */
function takeLicence(root: RootFiles, folder: string, name: string): void {
  const path = `/usr/share/doc/${name}/copyright`;
  if (new RootFiles(folder).has(path)) takeFiles(root, `${folder}${path}`, path);
}

/** Where a file of an unpacked package is. One that lies behind a link is none of it: links lead out of it. */
function placeOf(folder: string, path: string): string {
  if (!new RootFiles(folder).has(path)) throw missing(path);
  return `${folder}${path}`;
}

/** Where a package's files are: among the materials, or in the image when it is one of its packages. */
function materialFolder(root: RootFiles, materials: string, name: string): string {
  const folder = `${materials}/${name}`;
  return lstatSync(folder, { throwIfNoEntry: false }) ? folder : root.root;
}

/** Copies a file, a link, or a folder with all that is in it; times stay. */
function takeFiles(root: RootFiles, from: string, to: string): void {
  const stats = lstatSync(from, { throwIfNoEntry: false });
  if (!stats) throw missing(to);
  const at = settled(root, to);
  if (stats.isDirectory()) {
    root.folder(at);
    for (const name of readdirSync(from).sort()) takeFiles(root, `${from}/${name}`, `${to}/${name}`);
  } else if (stats.isSymbolicLink()) link(root, at, readlinkSync(from));
  else if (from !== root.path(at, true)) {
    root.remove(at);
    copyFileSync(from, root.path(at));
    chmodSync(root.path(at), stats.mode & 0o7777);
    utimesSync(root.path(at), stats.mtime, stats.mtime);
  }
}

/** The bundle where Debian has it, where OpenSSL looks for it, and as a keystore for Java. */
function writeCertificates(root: RootFiles, { recipe, materials, time }: FinishJob): void {
  const { debian, own = [], keystore } = recipe.certificates ?? { debian: false };
  const found: { readonly name: string; readonly pem: string }[] = [];
  if (debian) {
    const share = placeOf(materialFolder(root, materials, "ca-certificates"), "/usr/share/ca-certificates");
    for (const file of filesBelow(share)) {
      if (file.endsWith(".crt")) found.push({ name: file, pem: readFileSync(`${share}/${file}`, "latin1") });
    }
    if (found.length === 0) throw missing("/usr/share/ca-certificates");
  }
  for (const [at, pem] of own.entries()) found.push({ name: `own-${at + 1}`, pem });
  const bundle = "/etc/ssl/certs/ca-certificates.crt";
  root.write(bundle, Buffer.from(found.map(({ pem }) => `${pem.trimEnd()}\n`).join(""), "latin1"));
  link(root, "/usr/lib/ssl/certs", "/etc/ssl/certs");
  link(root, "/usr/lib/ssl/cert.pem", bundle);
  const read = found.flatMap(({ name, pem }) =>
    readPem(pem, name).map((der, at, all) => ({
      alias: `debian:${name.replace(/^.*\//, "").toLowerCase()}${all.length > 1 ? `-${at + 1}` : ""}`,
      der,
    })),
  );
  if (keystore) root.write("/etc/ssl/certs/java/cacerts", writeKeystore(read, time));
}

function filesBelow(folder: string, inside = ""): readonly string[] {
  const isFolder = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const entries = isFolder ? readdirSync(folder, { withFileTypes: true }) : [];
  return entries
    .flatMap((entry) =>
      entry.isDirectory()
        ? filesBelow(`${folder}/${entry.name}`, `${inside}${entry.name}/`)
        : entry.isFile()
          ? [inside + entry.name]
          : [],
    )
    .sort();
}

function installBusybox(root: RootFiles, materials: string): void {
  const folder = materialFolder(root, materials, "busybox-static");
  const place = ["/usr/bin/busybox", "/bin/busybox"].find(
    (path) => new RootFiles(folder).has(path) && lstatSync(`${folder}${path}`).isFile(),
  );
  if (place === undefined) throw missing("/usr/bin/busybox");
  takeFiles(root, `${folder}${place}`, "/busybox/busybox");
  const names = appletNames(readFileSync(`${folder}${place}`));
  if (!names.includes("sh")) throw missing("the names of busybox");
  for (const name of names) if (name !== "busybox") link(root, `/busybox/${name}`, "busybox");
}

function passwdLine({ name, uid, gid, comment = "", home, shell = "/sbin/nologin" }: RecipeUser): string {
  return `${name}:x:${uid}:${gid}:${comment}:${home}:${shell}\n`;
}

/** The libraries that the loader finds by name, in ldconfig's order of folders; a link to a folder is not a second one. */
function librariesOf(root: RootFiles, arch: BaseRecipe["arch"]): readonly CachedLibrary[] {
  const { folder } = libraryKinds[arch];
  const merged = lstatSync(`${root.root}/lib`, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  const found = new Map<string, CachedLibrary>();
  for (const inside of merged
    ? [`/lib/${folder}`, "/lib"]
    : [`/lib/${folder}`, `/usr/lib/${folder}`, "/lib", "/usr/lib"]) {
    const real = settled(root, inside);
    const names = root.list(real).filter((name) => /^(?:lib|ld-).*\.so/.test(name));
    for (const file of names) {
      const target = root.follow(`${root.path(real)}/${file}`);
      const name = target !== undefined && lstatSync(target).isFile() ? sonameOf(target) : undefined;
      if (name === undefined || found.has(`${inside} ${name}`)) continue;
      found.set(`${inside} ${name}`, { name, path: `${inside}/${root.has(`${real}/${name}`) ? name : file}` });
    }
  }
  return [...found.values()];
}

/** `/bin/x` where /bin is a link into /usr: a link is followed and never replaced. */
function settled(root: RootFiles, path: string): string {
  const [, first = "", rest = ""] = /^\/([^/]+)(\/.*)?$/.exec(path) ?? [];
  const stats = lstatSync(`${root.root}/${first}`, { throwIfNoEntry: false });
  if (rest === "" || !stats?.isSymbolicLink()) return path;
  const target = readlinkSync(`${root.root}/${first}`);
  return target === `usr/${first}` || target === `/usr/${first}` ? `/usr/${first}${rest}` : path;
}

function link(root: RootFiles, path: string, target: string): void {
  const full = root.path(path, true);
  mkdirSync(dirname(full), { recursive: true });
  if (lstatSync(full, { throwIfNoEntry: false })?.isDirectory() && readdirSync(full).length > 0) throw inTheWay(path);
  rmSync(full, { recursive: true, force: true });
  symlinkSync(target, full);
}

function own(root: RootFiles, path: string, uid = 0, gid = 0, owner: OwnerPolicy): void {
  if (owner === "keep") root.own(path, uid, gid);
}

function missing(path: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_PACKAGE",
    message: `Cannot make the base: its packages do not have ${path}`,
    hint: "the suite is laid out in a way that slipway does not know",
  });
}

function inTheWay(path: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_PACKAGE",
    message: `Cannot make the link ${path}: there is a folder with files in its place`,
    hint: "name another place for the link",
  });
}
