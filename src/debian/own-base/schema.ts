import type { DebianArch } from "../contract.ts";
import { distrolessSuites, type DistrolessSuite } from "../distroless/package-lists.ts";
import { libraryKinds } from "../distroless/ld-cache.ts";
import type { Schema } from "./checked-yaml.ts";

/** What a file that describes a base holds, once it was checked by ownBaseSchema. */
export interface OwnBaseFile {
  readonly name?: string | undefined;
  readonly extends?: string | undefined;
  readonly variant?: "nonroot" | "debug" | "debug-nonroot" | undefined;
  readonly suite?: DistrolessSuite | undefined;
  readonly arch?: DebianArch | readonly DebianArch[] | undefined;
  readonly packages?: readonly string[] | undefined;
  readonly dependencies?: boolean | undefined;
  readonly without?: readonly string[] | undefined;
  readonly files?: readonly OwnFile[] | undefined;
  readonly folders?: readonly (Owned & { readonly path: string })[] | undefined;
  readonly links?: readonly { readonly path: string; readonly target: string }[] | undefined;
  readonly users?: readonly OwnUser[] | undefined;
  readonly groups?: readonly OwnGroup[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly entrypoint?: readonly string[] | undefined;
  readonly cmd?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly certificates?:
    | {
        readonly debian?: boolean | undefined;
        readonly own?: readonly string[] | undefined;
        readonly keystore?: boolean | undefined;
      }
    | undefined;
  readonly timezones?: "all" | "none" | readonly string[] | undefined;
  readonly locales?: readonly string[] | undefined;
  readonly slim?: boolean | undefined;
  readonly layers?: number | undefined;
}

interface Owned {
  /** Octal digits. */
  readonly mode?: string | undefined;
  /** `USER`, `USER:GROUP`, each a name or a number. */
  readonly owner?: string | undefined;
}

export interface OwnFile extends Owned {
  readonly path: string;
  readonly content?: string | undefined;
  readonly from?: string | undefined;
}

interface OwnUser {
  readonly name: string;
  readonly uid: number;
  readonly group?: string | undefined;
  readonly home?: string | undefined;
  readonly shell?: string | undefined;
  readonly comment?: string | undefined;
}

interface OwnGroup {
  readonly name: string;
  readonly gid: number;
  readonly members?: readonly string[] | undefined;
}

/** A whole path without `.`, `..`, doubled slashes and control characters; not the root itself. */
const path = {
  type: "string",
  pattern: "^(?:/(?!\\.{1,2}(?:/|$))[^/\\u0000-\\u001f\\u007f]+)+/?$",
  patternErrorMessage: "write a whole path in the image: /etc/app.conf",
} as const satisfies Schema;
const text = { type: "string", pattern: "^[^\\u0000]*$" } as const satisfies Schema;
const words = { type: "array", items: text } as const satisfies Schema;
const mode = {
  description: "Permission bits in octal digits, such as 0644",
  type: ["string", "integer"],
  pattern: "^(?:0o?)?[0-7]{3,4}$",
  patternErrorMessage: "write the bits in octal digits, as chmod does: 0644",
} as const satisfies Schema;
const owner = {
  description: "Owner: USER or USER:GROUP, names of this file or numbers; root without it",
  type: ["string", "integer"],
  pattern: "^[a-z0-9_][a-z0-9_.-]*(?::[a-z0-9_][a-z0-9_.-]*)?$",
  patternErrorMessage: "write USER or USER:GROUP",
} as const satisfies Schema;
const accountName = {
  type: "string",
  pattern: "^[a-z_][a-z0-9_-]{0,31}$",
  patternErrorMessage: "names have lower-case letters, digits, - and _, and begin with a letter",
} as const satisfies Schema;
const id = { type: "integer", minimum: 0, maximum: 4294967294 } as const satisfies Schema;
const passwdField = {
  type: "string",
  pattern: "^[^:\\u0000-\\u001f\\u007f]*$",
  patternErrorMessage: "it stands in /etc/passwd: no colon and no control character",
} as const satisfies Schema;
const packageName = {
  type: "string",
  pattern: "^[a-z0-9][a-z0-9+.-]+(?:=[A-Za-z0-9.+~:-]+)?$",
  patternErrorMessage: "write the name of a package, or NAME=VERSION",
} as const satisfies Schema;
const scalar = { type: ["string", "integer", "number", "boolean"], pattern: "^[^\\u0000]*$" } as const satisfies Schema;

const arch = { type: "string", enum: Object.keys(libraryKinds) } satisfies Schema;

/** The one source of what a file that describes a base may hold: the parser checks by it, editors read it from schemas/base.schema.json. */
export const ownBaseSchema: Schema = {
  title: "slipway base",
  description: "A base image from the signed Debian archive: slipway base build FILE",
  type: "object",
  additionalProperties: false,
  properties: {
    name: {
      description: "Name of the image where -t names none, and in its history; without it that of the file",
      type: "string",
      pattern: "^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$",
      patternErrorMessage: "names have lower-case letters and digits, with . _ or - between them",
    },
    extends: {
      description:
        "The built-in base that it begins with: its packages, links, entry point and variables; without it what all have, and the package base-files",
      type: "string",
      examples: ["static", "base-nossl", "base", "cc", "python3", "java-base", "java17", "java21", "java25", "nodejs"],
    },
    variant: {
      description: "nonroot runs as user 65532 in /home/nonroot; debug has a shell in /busybox",
      type: "string",
      enum: ["nonroot", "debug", "debug-nonroot"],
    },
    suite: {
      description: "Release of Debian; trixie without it",
      type: "string",
      enum: Object.keys(distrolessSuites),
    },
    arch: {
      description: "An image of each of these architectures; --arch comes first, and without both it is this machine's",
      anyOf: [arch, { type: "array", minItems: 1, items: arch }],
    },
    packages: {
      description: "Packages whose files are in the image: NAME, or NAME=VERSION for one version alone",
      type: "array",
      items: packageName,
    },
    dependencies: {
      description: "Also all packages that those of `packages` depend on, without recommendations",
      type: "boolean",
    },
    without: {
      description: "Packages to leave out: of those that `extends` or `dependencies` bring",
      type: "array",
      items: { ...packageName, pattern: "^[a-z0-9][a-z0-9+.-]+$", patternErrorMessage: "write the name of a package" },
    },
    files: {
      description: "Files to write, each with its content or from a file beside this one",
      type: "array",
      items: {
        description: "A file: path, and content or from",
        type: "object",
        additionalProperties: false,
        required: ["path"],
        properties: {
          path: { ...path, description: "Where it is in the image: /etc/app.conf" },
          content: { ...text, description: "Its content" },
          from: {
            ...text,
            description: "The file or folder that it is a copy of, relative to this file and not outside of its folder",
          },
          mode,
          owner,
        },
      },
    },
    folders: {
      description: "Folders to make, or to give a mode and an owner",
      type: "array",
      items: {
        description: "A folder: path, and mode and owner",
        type: "object",
        additionalProperties: false,
        required: ["path"],
        properties: { path: { ...path, description: "Where it is in the image: /var/lib/app" }, mode, owner },
      },
    },
    links: {
      description: "Symbolic links",
      type: "array",
      items: {
        description: "A link: path and target",
        type: "object",
        additionalProperties: false,
        required: ["path", "target"],
        properties: {
          path: { ...path, description: "Where the link is in the image: /usr/bin/app" },
          target: {
            description: "What it leads to: /opt/app/bin/app",
            type: "string",
            pattern: "^[^\\u0000-\\u001f\\u007f]+$",
            patternErrorMessage: "write a path",
          },
        },
      },
    },
    users: {
      description: "Users beside root, nobody (65534) and nonroot (65532)",
      type: "array",
      items: {
        description: "A user: name and uid",
        type: "object",
        additionalProperties: false,
        required: ["name", "uid"],
        properties: {
          name: { ...accountName, description: "Its name: app" },
          uid: { ...id, description: "Its number: 10001" },
          group: {
            description: "Its group, by name; without it one of its own name and number",
            ...accountName,
          },
          home: {
            ...passwdField,
            pattern: path.pattern,
            patternErrorMessage: path.patternErrorMessage,
            description: "Its home, which is made; /home/NAME without it",
          },
          shell: { ...passwdField, description: "Its shell; /sbin/nologin without it" },
          comment: { ...passwdField, description: "Its full name" },
        },
      },
    },
    groups: {
      description: "Groups beside those that every base has",
      type: "array",
      items: {
        description: "A group: name and gid",
        type: "object",
        additionalProperties: false,
        required: ["name", "gid"],
        properties: {
          name: { ...accountName, description: "Its name: app" },
          gid: { ...id, description: "Its number: 10001" },
          members: {
            description: "Users that are in it besides those whose group it is",
            type: "array",
            items: accountName,
          },
        },
      },
    },
    env: {
      description: "Variables, which come on top of PATH, SSL_CERT_FILE and those of `extends`",
      type: "object",
      propertyNames: {
        type: "string",
        pattern: "^[^=\\u0000-\\u0020\\u007f]+$",
        patternErrorMessage: "names of variables have no space and no =",
      },
      additionalProperties: scalar,
    },
    entrypoint: { ...words, description: "What a container runs, as a list of words; [] takes that of `extends` away" },
    cmd: { ...words, description: "Its arguments, which others take the place of" },
    user: {
      description: "Who runs it: USER or USER:GROUP, names of this file or numbers",
      type: ["string", "integer"],
      pattern: owner.pattern,
      patternErrorMessage: owner.patternErrorMessage,
    },
    workdir: {
      description: "The folder that it runs in",
      type: "string",
      pattern: `^/$|${path.pattern}`,
      patternErrorMessage: path.patternErrorMessage,
    },
    labels: {
      description: "Labels of the image",
      type: "object",
      propertyNames: {
        type: "string",
        pattern: "^[^\\u0000-\\u0020\\u007f]+$",
        patternErrorMessage: "names of labels have no space",
      },
      additionalProperties: scalar,
    },
    certificates: {
      description: "Certificate authorities, in /etc/ssl/certs/ca-certificates.crt and in Java's keystore",
      type: "object",
      additionalProperties: false,
      properties: {
        debian: { description: "Those of the package ca-certificates; true without it", type: "boolean" },
        own: {
          description: "PEM files with more of them, relative to this file",
          type: "array",
          items: text,
        },
        keystore: {
          description: "Also as Java's keystore; as `extends` has it without this",
          type: "boolean",
        },
      },
    },
    timezones: {
      description:
        "all, none, or the names of those to keep: [Europe/Berlin, UTC]; as the packages have them without it",
      anyOf: [
        { type: "string", enum: ["all", "none"] },
        {
          type: "array",
          minItems: 1,
          items: {
            type: "string",
            pattern: "^[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*$",
            patternErrorMessage: "write a name such as Europe/Berlin",
          },
        },
      ],
    },
    locales: {
      description: "Locales as glibc reads them: C.UTF-8, and those that the package locales-all has compiled",
      type: "array",
      items: {
        type: "string",
        pattern: "^[A-Za-z]+(?:_[A-Z]{2})?(?:\\.[A-Za-z0-9-]+)?(?:@[a-z]+)?$",
        patternErrorMessage: "write a name such as de_DE.UTF-8",
      },
    },
    slim: {
      description: "Also leave out gconv, zoneinfo/right and ct.sym; changelogs, man pages and lintian are in no base",
      type: "boolean",
    },
    layers: {
      description: "At most so many layers, grouped by source package; 1, one for all, without it",
      type: "integer",
      minimum: 1,
      maximum: 100,
    },
  },
};

/** What schemas/base.schema.json holds, for editors. */
export const publishedSchema = { $schema: "http://json-schema.org/draft-07/schema#", ...ownBaseSchema };
