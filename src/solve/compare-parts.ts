import { aligned } from "./file-list.ts";
import { type FileList, type Hidden, hiddenValue, type KeyParts, type MissCause } from "./key-parts.ts";

/**
 * What is another in `now` than in `before`, the plainest first; what it stands on comes last. Empty when nothing is.
 * @param buildArgs names of variables that are build arguments.
 */
export function compareParts(
  before: KeyParts,
  now: KeyParts,
  buildArgs: ReadonlySet<string> = new Set(),
): readonly MissCause[] {
  const causes: MissCause[] = [];
  if (before.instruction !== now.instruction) {
    causes.push({ kind: "instruction", text: `the instruction was ${quoted(before.instruction)}` });
  }
  causes.push(...variableCauses(before.variables, now.variables, buildArgs));
  for (const [name, [from, to]] of changes(before.settings, now.settings)) {
    // They follow from the instruction, which is told.
    if (before.instruction !== now.instruction && written.has(name)) continue;
    causes.push({ kind: "setting", text: `${name} ${fromTo(from, to)}` });
  }
  for (const mount of now.mounts.filter((line) => !before.mounts.includes(line))) {
    causes.push({ kind: "mount", text: `mount ${mount} is new` });
  }
  for (const mount of before.mounts.filter((line) => !now.mounts.includes(line))) {
    causes.push({ kind: "mount", text: `mount ${mount} is gone` });
  }
  for (const [place, list] of Object.entries(now.files)) {
    const old = Object.hasOwn(before.files, place) ? before.files[place] : undefined;
    if (old) causes.push(...fileCauses(old, list, place));
  }
  if (before.version !== now.version) causes.push({ kind: "version", text: "this slipway makes such steps anew" });
  if (before.base !== now.base) causes.push(baseCause(before, now));
  return causes;
}

const written = new Set(["command", "files", "source", "destination", "chown", "chmod", "path", "excludes", "parents"]);

/** How far apart two are: to find the nearest of several. */
export function distance(before: KeyParts, now: KeyParts): number {
  return compareParts(before, now).reduce((sum, { kind }) => sum + (weights[kind] ?? 1), 0);
}

/** Another instruction is most likely another step; a hundred files may change at once. */
const weights: Partial<Record<MissCause["kind"], number>> = { instruction: 200, mount: 20, setting: 20, variable: 10 };

function baseCause(before: KeyParts, now: KeyParts): MissCause {
  if (now.baseName === undefined) return { kind: "parent", text: "the step before it is another" };
  if (before.baseName === undefined) return { kind: "base", text: `it stands on ${now.baseName} now` };
  if (before.baseName !== now.baseName) {
    return { kind: "base", text: `base ${fromTo(before.baseName, now.baseName)}` };
  }
  return { kind: "base", text: `base ${now.baseName} ${fromTo(short(before.base), short(now.base))}` };
}

function short(digest: string | undefined): string {
  return (digest ?? "nothing").replace(/^sha256:/, "").slice(0, 12);
}

type Change<V> = readonly [name: string, change: readonly [from: V | undefined, to: V | undefined]];

function changes<V>(before: Readonly<Record<string, V>>, now: Readonly<Record<string, V>>): readonly Change<V>[] {
  const names = new Set([...Object.keys(now), ...Object.keys(before)]);
  return [...names].flatMap((name): Change<V>[] => {
    const from = Object.hasOwn(before, name) ? before[name] : undefined;
    const to = Object.hasOwn(now, name) ? now[name] : undefined;
    return JSON.stringify(from) === JSON.stringify(to) ? [] : [[name, [from, to]]];
  });
}

function variableCauses(
  before: KeyParts["variables"],
  now: KeyParts["variables"],
  buildArgs: ReadonlySet<string>,
): readonly MissCause[] {
  const differing = changes(before, now).filter(([, [from, to]]) => hidden(from) !== hidden(to));
  return differing.map(([name, [from, to]]) => {
    const what = `${buildArgs.has(name) ? "build argument" : "variable"} ${name}`;
    if (from === undefined) return { kind: "variable", text: `${what} is new${shown(to)}` };
    if (to === undefined) return { kind: "variable", text: `${what} is gone` };
    if (typeof from === "string" && typeof to === "string") {
      return { kind: "variable", text: `${what} ${fromTo(from, to)}` };
    }
    return { kind: "variable", text: `${what} changed (its value is not shown)` };
  });
}

/** A value that travelled without being shown is the same as one that is, when both have one digest. */
function hidden(value: Hidden | undefined): string | undefined {
  return typeof value === "string" ? hiddenValue(value).digest : value?.digest;
}

function shown(value: Hidden | undefined): string {
  return typeof value === "string" ? `: ${quoted(value)}` : "";
}

function fromTo(from: string | undefined, to: string | undefined): string {
  if (from === undefined) return `is ${quoted(to ?? "")} now`;
  if (to === undefined) return `was ${quoted(from)}`;
  return `changed from ${quoted(from)} to ${quoted(to)}`;
}

const longest = 60;

/** A word as it is, anything else in quotes, cut when it is long. */
function quoted(text: string): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return /^[\w./:@+,=%-]+$/.test(cut) ? cut : JSON.stringify(cut);
}

function fileCauses(before: FileList, now: FileList, place: string): readonly MissCause[] {
  const where = place.replace(/\/$/, "");
  const from = where === "the build context" ? "" : ` in ${where}`;
  const lists = aligned(before, now);
  if (!lists) return [{ kind: "file", text: `files${from} changed` }];
  const [old, list] = lists;
  const what = list.depth === undefined ? "" : "something in ";
  return changes(old.entries, list.entries).map(([path, [was, is]]) => {
    const name = path === "" ? "." : quoted(path);
    // Where folders are summed up, one that is new or gone may be one that grew over the limit.
    return { kind: "file", text: `${what}${name}${from} ${what === "" ? fileChange(was, is) : "changed"}` };
  });
}

type Entry = FileList["entries"][string];

function fileChange(before: Entry | undefined, now: Entry | undefined): string {
  if (before === undefined) return "is new";
  if (now === undefined) return "is gone";
  if (before[1] !== now[1]) return "changed";
  const [oldMode = "", oldOwner = ""] = before[0].split(" ");
  const [mode = "", owner = ""] = now[0].split(" ");
  if (oldMode !== mode) return `has mode ${mode.slice(-4)} (was ${oldMode.slice(-4)})`;
  if (oldOwner !== owner) return `has owner ${owner} (was ${oldOwner})`;
  return "has other attributes";
}
