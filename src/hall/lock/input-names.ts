import { isAbsolute, relative } from "node:path";
import type { SourceLocation } from "../../base/index.ts";
import type { Dockerfile, Instruction } from "../../dockerfile/index.ts";
import { shownRemote, withoutPassword } from "../../fetch/index.ts";
import type { GitOp, HttpOp } from "../../graph/index.ts";
import { parseLayoutReference } from "../../import/index.ts";
import type { LockEntry } from "../../lockfile/index.ts";
import { familiarName, formatPlatform, parseReference, type Platform } from "../../oci/index.ts";
import type { LockPlace } from "../api/lock-api.ts";

/** An image as a lock file names it; the folder of a layout is relative to that of the lock. */
export function lockedName(reference: string, folder: string): string {
  const layout = parseLayoutReference(reference);
  if (!layout) return familiarName(parseReference(reference));
  const path = isAbsolute(layout.folder) ? relative(folder, layout.folder) || "." : layout.folder;
  return `oci-layout://${path}${reference.slice("oci-layout://".length + layout.folder.length)}`;
}

/** The entry of an image, for any platform or for this one. */
export function findImage(
  entries: readonly LockEntry[],
  name: string,
  platform: Platform,
): (LockEntry & { kind: "image" }) | undefined {
  const wanted = formatPlatform(platform);
  return entries.find(
    (entry): entry is LockEntry & { kind: "image" } =>
      entry.kind === "image" && entry.name === name && (!("platform" in entry) || entry.platform === wanted),
  );
}

/** The entry of a file or repository. */
export function findSource(entries: readonly LockEntry[], op: HttpOp | GitOp): LockEntry | undefined {
  if (op.kind === "http") {
    const url = withoutPassword(op.url);
    return entries.find((entry) => entry.kind === "file" && entry.url === url);
  }
  const remote = shownRemote(op.source.remote);
  return entries.find((entry) => entry.kind === "git" && entry.remote === remote && entry.ref === op.source.ref);
}

/** What people call a file or repository. */
export function sourceName(op: HttpOp | GitOp): string {
  if (op.kind === "http") return withoutPassword(op.url);
  const { remote, ref } = op.source;
  return `${shownRemote(remote)}${ref === undefined ? "" : `#${ref}`}`;
}

/** The instruction at a place of a Dockerfile. Of an ONBUILD trigger of a base, what the trigger says. */
export function placeOf(dockerfile: Dockerfile, { file, text, span }: SourceLocation): LockPlace {
  const whole = dockerfile.instructions.find(
    ({ location }) =>
      location.file === file &&
      location.text === text &&
      location.span.start <= span.start &&
      span.start < location.span.end,
  );
  const line = text.split("\n")[span.startLine - 1] ?? "";
  return whole
    ? { line: whole.location.span.startLine, text: oneLine(whole) }
    : { line: span.startLine, text: short(line) };
}

/** The instructions of a Dockerfile as lock files have them. */
export function textsOf(dockerfile: Dockerfile): ReadonlySet<string> {
  return new Set(dockerfile.instructions.map(oneLine));
}

function oneLine({ text }: Instruction): string {
  return short(text);
}

/** Longer ones are cut: they are for people. */
function short(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}
