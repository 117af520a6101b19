import { type Stats, statSync } from "node:fs";
import { posix } from "node:path";
import { type Ctx, SlipwayError } from "../../../base/index.ts";
import type { DebianArch } from "../../../debian/index.ts";
import { defaultPlatform } from "../../../oci/index.ts";
import { openStore, type Store } from "../../../store/index.ts";
import type { SuggestFacts } from "../../../inspect/index.ts";
import type { Suggestion, SuggestOptions } from "../../api/suggest-api.ts";
import { debianKeyring } from "../../config/debian-config.ts";
import { callEngine } from "../../engine/call-engine.ts";
import { completing } from "../completing.ts";
import { debianArch } from "../debian-arch.ts";
import { chooseBase } from "./choose-base.ts";

/**
 * Which base a program, a folder or an image fits on: "which distroless image do I need?". Nothing runs. Packages that would complete a base are looked up in the
 * signed archive, once; what it says of libraries and sizes of the built-in bases needs no network.
 * @throws SLIP_USAGE for what no base can be told for, SLIP_IMAGE_UNKNOWN for what is neither file nor image.
 */
export async function suggestBase({ signal, onEvent, ...options }: SuggestOptions): Promise<Suggestion> {
  const { baseFacts, builtInSuite } = await import("../../../debian/index.ts");
  const suites =
    options.suite === undefined ? (["trixie", "bookworm"] as const) : ([builtInSuite(options.suite)] as const);
  using store = openStore(options.store);
  const subject = subjectOf(options.subject, store);
  const facts = await factsOf(subject, options, signal);
  const { debianMirror: mirror, offline } = options;
  const archive = { mirror, offline, keyring: debianKeyring(options) };
  const ctx: Ctx = { signal: signal ?? new AbortController().signal, emit: onEvent ?? ((): void => undefined) };
  const arch = archOf(facts);
  if (arch === undefined) return unknownArchitecture(subject, facts);
  return await chooseBase(subject, facts, {
    own: defaultPlatform().architecture,
    facts: baseFacts,
    suites,
    complete: (missing, suite) => completing(missing, { suite, arch, ...archive }, store, ctx),
  });
}

/** A word that both a file and an image have is the image; a path says that the file is meant. */
function subjectOf(given: string, store: Store): Suggestion["subject"] {
  const there = statOf(given);
  const isPath = given.startsWith("/") || given.startsWith(".");
  if (!isPath && isImage(given, store)) return { kind: "image", name: given };
  if (there?.isDirectory()) return { kind: "folder", name: given };
  if (there?.isFile()) return { kind: "file", name: given };
  if (there) {
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: `Cannot tell a base for ${given}: it is neither a file nor a folder`,
      hint: "name a program, a script, a jar, a folder with them, or an image of the store",
    });
  }
  throw new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `No file and no image of the store has the name ${given}`,
    hint: isPath
      ? "look at the path"
      : "`slipway images` lists the images; `slipway pull` brings one from its registry; ./NAME is a file here",
  });
}

/** Undefined for what is not there. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A name too long for a file can be an image's.
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENAMETOOLONG" || code === "ENOTDIR") return undefined;
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: `Cannot tell a base for ${path}: ${code === "ELOOP" ? "its links lead in a circle" : (error as Error).message}`,
      hint: "name a program, a script, a jar, a folder with them, or an image of the store",
      cause: error,
    });
  }
}

function isImage(name: string, store: Store): boolean {
  try {
    return store.images.find(name) !== undefined;
  } catch {
    // What is no reference is no image.
    return false;
  }
}

async function factsOf(
  subject: Suggestion["subject"],
  { platform, store }: Pick<SuggestOptions, "platform" | "store">,
  signal: AbortSignal | undefined,
): Promise<SuggestFacts> {
  if (subject.kind === "image") return callEngine("suggest", { image: subject.name, platform, store }, { signal });
  const { suggestRoot } = await import("../../../inspect/index.ts");
  const path = posix.resolve(subject.name);
  return subject.kind === "folder"
    ? suggestRoot({ root: path, subject: { kind: "folder" } })
    : suggestRoot({ root: "/", subject: { kind: "file", path, shown: subject.name } });
}

/** Debian's architecture of what was found, this machine's where nothing tells; undefined for one that Debian does not have. */
function archOf({ architecture }: SuggestFacts): DebianArch | undefined {
  if (architecture === undefined) return debianArch();
  const known: Readonly<Record<string, DebianArch>> = {
    amd64: "amd64",
    arm64: "arm64",
    arm: "armhf",
    386: "i386",
    ppc64: "ppc64el",
    ppc64le: "ppc64el",
    riscv64: "riscv64",
    s390x: "s390x",
  };
  return Object.hasOwn(known, architecture) ? known[architecture] : undefined;
}

function unknownArchitecture(subject: Suggestion["subject"], facts: SuggestFacts): Suggestion {
  return {
    subject,
    answer: "none",
    summary: `No base of Debian fits: there is none for ${facts.architecture}`,
    reasons: facts.programs.map(({ path, architecture }) => `${path} is for ${architecture}`),
    notes: facts.notes,
    missing: [],
    facts,
  };
}
