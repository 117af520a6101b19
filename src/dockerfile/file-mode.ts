/**
 * One change of permission bits. `addIfExecutable` (the `X` of chmod) adds only to folders and to what someone could execute before any
 * change; `copy` takes the three bits of one class for all classes in `to`.
 */
export type ModeChange =
  | { readonly type: "add" | "remove" | "addIfExecutable"; readonly bits: number }
  | { readonly type: "copy"; readonly from: Class; readonly to: readonly Class[]; readonly how: "+" | "-" | "=" };

type Class = "u" | "g" | "o";

/** A mode as `--chmod` says it: bits to set, or changes made one after the other. */
export type FileMode = number | readonly ModeChange[];

const setIds = 0o6000;
const sticky = 0o1000;
const others = 0o007;
const classBits = { u: 0o4700, g: 0o2070, o: others } as const;
const permissionBits: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111 };

/**
 * Reads the value of `--chmod` (Dockerfile reference, "COPY --chmod"): octal up to 7777, or clauses as chmod(1) of the BSDs has them,
 * with no umask: `u=rwX,go=rX`, `+x`, `g=u-w`.
 * @returns undefined for what is neither.
 */
export function parseFileMode(text: string): FileMode | undefined {
  if (/^[0-7]+$/.test(text)) {
    const bits = Number.parseInt(text, 8);
    return bits <= 0o7777 ? bits : undefined;
  }
  const changes: ModeChange[] = [];
  for (const clause of text.split(",")) {
    const [, classes = "", operations = ""] = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/.exec(clause) ?? [];
    if (operations === "") return undefined;
    const who = classes.split("").reduce((bits, name) => bits | (name === "a" ? 0o6777 : classBits[name as Class]), 0);
    for (const [, operation = "", permissions = ""] of operations.matchAll(/([-+=])([a-zA-Z]*)/g)) {
      changes.push(...changesOf(who, operation as "+" | "-" | "=", permissions));
    }
  }
  return changes;
}

/**
 * One operation of a clause. A letter of a class takes effect where it stands: what was named before it is done first.
 * @param who bits of the classes named; 0 for none, which means all.
 */
function changesOf(who: number, operation: "+" | "-" | "=", permissions: string): readonly ModeChange[] {
  const changes: ModeChange[] = [];
  const onlyOthers = (who & ~others) === 0 && who !== 0;
  let reach = who;
  let bits = 0;
  let ifExecutable = 0;
  let assigned = false;
  const flush = (): void => {
    if (bits !== 0 || (operation === "=" && !assigned)) {
      if (operation === "=") changes.push({ type: "remove", bits: reach === 0 ? 0o6777 : reach });
      const named = reach === 0 ? bits : bits & reach;
      changes.push({ type: operation === "-" ? "remove" : "add", bits: named });
      assigned = true;
    }
    if (ifExecutable !== 0) {
      changes.push({ type: "addIfExecutable", bits: reach === 0 ? ifExecutable : ifExecutable & reach });
    }
    bits = 0;
    ifExecutable = 0;
  };
  for (const letter of permissions) {
    if (letter === "u" || letter === "g" || letter === "o") {
      // What comes of the class is all there is, so that an assignment clears nothing on its own.
      assigned ||= bits === 0;
      flush();
      const to = (["u", "g", "o"] as const).filter((name) => reach === 0 || (reach & classBits[name] & 0o777) !== 0);
      changes.push({ type: "copy", from: letter, to, how: operation });
    } else if (letter === "X" && operation !== "-") ifExecutable = 0o111;
    else if (letter === "X") bits |= 0o111;
    else if (letter === "s") bits |= onlyOthers ? 0 : setIds;
    else if (letter === "t" && !onlyOthers) {
      reach |= sticky;
      bits |= sticky;
    } else bits |= permissionBits[letter] ?? 0;
  }
  flush();
  return changes;
}
