import type { DebianArch } from "../contract.ts";
import { checkYaml, type Schema } from "./checked-yaml.ts";

/** The packages of a base as they were when it was locked, each by its digest. */
export interface BaseLock {
  readonly suite: string;
  /** The mirror that was asked for by name; without it whoever builds takes one of their own. Without user and password. */
  readonly mirror?: string | undefined;
  readonly releases: readonly LockedRelease[];
  readonly archs: readonly LockedArch[];
}

/** Which of the two archives has a file: paths are relative to their addresses, which differ from machine to machine. */
export type LockedPlace = "debian" | "debian-security";

export interface LockedRelease {
  readonly suite: string;
  readonly archive: LockedPlace;
  /** Of the InRelease. */
  readonly path: string;
  /** Undefined for suites without one. */
  readonly version?: string | undefined;
  /** `2026-11-14T09:58:02Z` */
  readonly date: string;
  /** Hex, of the InRelease. */
  readonly sha256: string;
  /** Fingerprint of the key that signed it. */
  readonly key: string;
}

export interface LockedArch {
  readonly arch: DebianArch;
  /** What the file asked for: another list needs another lock. */
  readonly wants: readonly string[];
  readonly indexes: readonly LockedFile[];
  readonly packages: readonly LockedPackage[];
}

interface LockedFile {
  readonly archive: LockedPlace;
  readonly path: string;
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

export interface LockedPackage extends LockedFile {
  readonly name: string;
  readonly version: string;
  /** Its own architecture: that of the base, or `all`. */
  readonly arch: string;
  /** Part of the image, or only a giver of files. */
  readonly use: "image" | "files";
}

const hex = {
  type: "string",
  pattern: "^[0-9a-f]{64}$",
  patternErrorMessage: "it is 64 hexadecimal digits",
} as const satisfies Schema;
const place = { type: "string", enum: ["debian", "debian-security"] } as const satisfies Schema;
const path = {
  type: "string",
  pattern: "^(?:dists|pool)(?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9+~_.:%-]+)+$",
  patternErrorMessage: "it is a path in the archive, below dists/ or pool/",
} as const satisfies Schema;
const plainText = { type: "string", pattern: "^[!-~][ -~]*$" } as const satisfies Schema;
const size = { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const satisfies Schema;

/** An object that has all its keys, but for some. */
function record(properties: Readonly<Record<string, Schema>>, ...optional: readonly string[]): Schema {
  return {
    type: "object",
    additionalProperties: false,
    required: Object.keys(properties).filter((key) => !optional.includes(key)),
    properties,
  };
}

function list(items: Schema): Schema {
  return { type: "array", items };
}

const schema = record(
  {
    version: { type: "integer", minimum: 1, maximum: 1 },
    suite: plainText,
    mirror: { type: "string", pattern: "^https?://[!-~]+$", patternErrorMessage: "it is an http or https address" },
    releases: list(
      record(
        {
          suite: plainText,
          archive: place,
          path,
          version: plainText,
          date: {
            type: "string",
            pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$",
            patternErrorMessage: "it is a time such as 2026-11-21T10:00:00Z",
          },
          sha256: hex,
          key: { type: "string", pattern: "^[0-9A-F]{16,64}$", patternErrorMessage: "it is the fingerprint of a key" },
        },
        "version",
      ),
    ),
    archs: list(
      record({
        arch: plainText,
        wants: list(plainText),
        indexes: list(record({ archive: place, path, size, sha256: hex })),
        packages: list(
          record({
            name: {
              type: "string",
              pattern: "^[a-z0-9][a-z0-9+.-]+$",
              patternErrorMessage: "it is the name of a package",
            },
            version: plainText,
            arch: plainText,
            use: { type: "string", enum: ["image", "files"] },
            archive: place,
            path,
            size,
            sha256: hex,
          }),
        ),
      }),
    ),
  },
  "mirror",
);

const head =
  "# Written by `slipway base lock`: the packages of a base, each by its sha256. `slipway base build --locked` builds with just these.";

/** The text of a lock (YAML): the same for the same content, a line a package. */
export function formatBaseLock({ suite, mirror, releases, archs }: BaseLock): string {
  const lines = [head, "version: 1", `suite: ${quoted(suite)}`];
  if (mirror !== undefined) lines.push(`mirror: ${quoted(mirror)}`);
  lines.push("releases:", ...releases.map((release) => `  - ${inline(release)}`), "archs:");
  for (const { arch, wants, indexes, packages } of archs) {
    lines.push(`  - arch: ${quoted(arch)}`, "    wants:", ...wants.map((want) => `      - ${quoted(want)}`));
    lines.push("    indexes:", ...indexes.map((file) => `      - ${inline(file)}`));
    lines.push("    packages:", ...packages.map((one) => `      - ${inline(one)}`));
  }
  return `${lines.join("\n")}\n`;
}

/** @throws SLIP_LOCK with the place of the first thing that is wrong. */
export async function parseBaseLock(text: string, file: string): Promise<BaseLock> {
  const again = "`slipway base lock` writes it anew";
  const checked = await checkYaml<BaseLock & { readonly version: number }>(
    { text, file, code: "SLIP_LOCK", empty: again, again },
    schema,
  );
  const { version: _version, ...lock } = checked.value;
  for (const [at, { arch, packages }] of lock.archs.entries()) {
    if (lock.archs.findIndex((other) => other.arch === arch) !== at)
      throw checked.fault(["archs", at, "arch"], `it has ${arch} twice`);
    const names = new Set<string>();
    for (const [index, { name }] of packages.entries()) {
      if (names.has(name)) throw checked.fault(["archs", at, "packages", index], `it has the package ${name} twice`);
      names.add(name);
    }
  }
  if (lock.releases.length === 0) throw checked.fault(["releases"], "it has no release", again);
  return lock;
}

/** Where the lock of a base lies: `base.lock` of `base.yaml`, `base.txt.lock` of `base.txt`. */
export function baseLockOf(file: string): string {
  return `${file.replace(/\.ya?ml$/i, "")}.lock`;
}

/** A map of texts and numbers in one line of YAML. */
function inline(map: object): string {
  const members = Object.entries(map).filter(([, value]) => value !== undefined);
  return `{ ${members.map(([key, value]) => `${key}: ${typeof value === "string" ? quoted(value) : `${value as number}`}`).join(", ")} }`;
}

/** A double-quoted text of YAML, whose escapes are JSON's too. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
