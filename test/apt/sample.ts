// Which packages are tried: chosen by a seed, so that the same archive gives the same ones, and so that every kind of relation is among them.
import { createHash } from "node:crypto";
import { parseStanzas, type Stanza } from "../../src/debian/control.ts";

/** How many packages of each kind there are at least, in a sample of 200. */
const kinds: Readonly<
  Record<string, { readonly share: number; readonly is: (known: Known, entry: Stanza) => boolean }>
> = {
  "essential packages": { share: 8, is: (_, entry) => entry.get("essential") === "yes" },
  alternatives: { share: 40, is: (_, entry) => depends(entry).includes("|") },
  "virtual packages": {
    share: 30,
    is: ({ real, provided }, entry) => names(depends(entry)).some((name) => !real.has(name) && provided.has(name)),
  },
  "versioned Provides": {
    share: 20,
    is: ({ versioned, real }, entry) =>
      [...depends(entry).matchAll(/([a-z0-9.+-]+)(?::\w+)? \(/g)].some(
        ([, name = ""]) => versioned.has(name) && !real.has(name),
      ),
  },
  Conflicts: { share: 20, is: (_, entry) => entry.has("conflicts") },
  Breaks: { share: 15, is: (_, entry) => entry.has("breaks") },
  "Pre-Depends": { share: 15, is: (_, entry) => entry.has("pre-depends") },
  "a qualifier of architecture": { share: 15, is: (_, entry) => /:(?:any|native|amd64)\b/.test(depends(entry)) },
  "Multi-Arch: same": { share: 10, is: (_, entry) => entry.get("multi-arch") === "same" },
  "Multi-Arch: foreign": { share: 8, is: (_, entry) => entry.get("multi-arch") === "foreign" },
  "Multi-Arch: allowed": { share: 5, is: (_, entry) => entry.get("multi-arch") === "allowed" },
};

interface Known {
  readonly real: ReadonlySet<string>;
  readonly provided: ReadonlySet<string>;
  readonly versioned: ReadonlySet<string>;
}

export interface Sample {
  readonly names: readonly string[];
  /** Kind -> how many of the names are of it. */
  readonly kinds: ReadonlyMap<string, number>;
  readonly sections: number;
}

/** @param lists Packages files. */
export function samplePackages(lists: readonly string[], count: number, seed: string): Sample {
  const stanzas = lists.flatMap((text) => parseStanzas(text)).filter((entry) => entry.has("package"));
  const known: Known = {
    real: new Set(stanzas.map(nameOf)),
    provided: new Set(stanzas.flatMap((entry) => names(entry.get("provides") ?? ""))),
    versioned: new Set(
      stanzas.flatMap((entry) =>
        [...(entry.get("provides") ?? "").matchAll(/([a-z0-9.+-]+) \(/g)].map(([, name = ""]) => name),
      ),
    ),
  };
  const rank = (entry: Stanza): string =>
    createHash("sha256")
      .update(`${seed} ${nameOf(entry)}`)
      .digest("hex");
  const shuffled = stanzas
    .map((entry) => ({ entry, rank: rank(entry) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ entry }) => entry);
  const chosen = new Map<string, Stanza>();
  const ofKind = (kind: string): number => [...chosen.values()].filter((entry) => kinds[kind]?.is(known, entry)).length;
  for (const [kind, { share, is }] of Object.entries(kinds)) {
    let missing = Math.ceil((share * count) / 200) - ofKind(kind);
    for (const entry of shuffled) {
      if (missing <= 0 || chosen.size >= count) break;
      if (chosen.has(nameOf(entry)) || !is(known, entry)) continue;
      chosen.set(nameOf(entry), entry);
      missing--;
    }
  }
  // The rest in turns, one of each section.
  const bySection = Map.groupBy(shuffled, (entry) => entry.get("section") ?? "");
  while (chosen.size < Math.min(count, known.real.size)) {
    for (const entries of bySection.values()) {
      const next = entries.pop();
      if (next && chosen.size < count) chosen.set(nameOf(next), next);
    }
  }
  return {
    names: [...chosen.keys()].sort(),
    kinds: new Map(Object.keys(kinds).map((kind) => [kind, ofKind(kind)])),
    sections: new Set([...chosen.values()].map((entry) => entry.get("section"))).size,
  };
}

function nameOf(entry: Stanza): string {
  return entry.get("package") ?? "";
}

function depends(entry: Stanza): string {
  return `${entry.get("pre-depends") ?? ""}, ${entry.get("depends") ?? ""}`;
}

function names(field: string): readonly string[] {
  return field.split(/[,|]/).flatMap((part) => /^\s*([a-z0-9][a-z0-9.+-]*)/.exec(part)?.[1] ?? []);
}
