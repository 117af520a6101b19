import type { SoftwarePackage } from "../../attest/index.ts";
import { cleanAddress, cleanText } from "./text.ts";

/** Packages of one lock file, and how deep version 1 of the format may nest them. */
const most = { packages: 50_000, depth: 64 };

type Fields = Readonly<Record<string, unknown>>;

/** The package that a package.json is of; none for one that has no name, or is no JSON. */
export function npmPackage(text: string, path: string): readonly SoftwarePackage[] {
  const value = parse(text);
  const name = cleanText(value?.["name"]);
  if (value === undefined || name === undefined) return [];
  const licenses = [...new Set([...licensesOf(value["license"]), ...licensesOf(value["licenses"])])];
  return [
    {
      kind: "npm",
      name,
      version: cleanText(value["version"]) ?? "",
      licenses: licenses.length === 0 ? undefined : licenses,
      supplier: personOf(value["author"]),
      homepage: cleanAddress(value["homepage"]),
      summary: cleanText(value["description"]),
      path,
    },
  ];
}

/** A package of a lock file, by the folder it belongs in: `node_modules/a/node_modules/@b/c`. */
export interface LockedPackage {
  readonly folder: string;
  readonly item: SoftwarePackage;
  /** Only for developing. */
  readonly dev: boolean;
}

/** Packages of a package-lock.json of any version (npm, "package-lock.json"), without links and the project itself; none for what is no such file. */
export function lockedPackages(text: string, path: string): readonly LockedPackage[] {
  const lock = parse(text);
  const found: LockedPackage[] = [];
  const take = (folder: string, given: string | undefined, value: unknown): void => {
    const fields = isFields(value) ? value : undefined;
    const name = cleanText(fields?.["name"]) ?? cleanText(given);
    const version = cleanText(fields?.["version"]);
    if (!fields || name === undefined || version === undefined || found.length >= most.packages) return;
    const licenses = licensesOf(fields["license"]);
    const item: SoftwarePackage = {
      kind: "npm",
      name,
      version,
      licenses: licenses.length === 0 ? undefined : licenses,
      checksum: checksumOf(fields["integrity"]),
      path,
    };
    found.push({ folder, item, dev: fields["dev"] === true || fields["devOptional"] === true });
  };
  const packages = lock?.["packages"];
  if (isFields(packages)) {
    for (const [folder, value] of Object.entries(packages)) {
      if (folder === "" || (isFields(value) && value["link"] === true)) continue;
      const at = folder.lastIndexOf("node_modules/");
      if (at >= 0) take(folder, folder.slice(at + "node_modules/".length), value);
    }
    return found;
  }
  const waiting = [{ value: lock?.["dependencies"], folder: "", depth: 0 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (!isFields(next.value) || next.depth > most.depth) continue;
    for (const [name, value] of Object.entries(next.value)) {
      const folder = `${next.folder}node_modules/${name}`;
      take(folder, name, value);
      if (isFields(value)) waiting.push({ value: value["dependencies"], folder: `${folder}/`, depth: next.depth + 1 });
    }
  }
  return found;
}

function parse(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `"MIT"`, `{ "type": "MIT" }`, or a list of them. */
function licensesOf(value: unknown): readonly string[] {
  const items = Array.isArray(value) ? value.slice(0, 20) : [value];
  return items.flatMap((item) => cleanText(isFields(item) ? item["type"] : item) ?? []);
}

function personOf(value: unknown): string | undefined {
  return cleanText(isFields(value) ? value["name"] : value);
}

/** Subresource integrity: `sha512-` and base64; the first that is whole. */
function checksumOf(value: unknown): SoftwarePackage["checksum"] {
  const lengths = { sha1: 20, sha256: 32, sha512: 64 } as const;
  for (const part of (cleanText(value) ?? "").split(/\s+/)) {
    const [, algorithm, text = ""] = /^(sha1|sha256|sha512)-([A-Za-z0-9+/]+={0,2})$/.exec(part) ?? [];
    if (algorithm === undefined) continue;
    const known = algorithm as keyof typeof lengths;
    const bytes = Buffer.from(text, "base64");
    if (bytes.length === lengths[known]) return { algorithm: known, value: bytes.toString("hex") };
  }
  return undefined;
}
