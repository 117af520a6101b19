import type { VersionOperator } from "./version.ts";

/** One alternative of a relationship: `libc6 (>= 2.36)`, `python3:any`. */
export interface Relation {
  readonly name: string;
  /** After the colon: `any`, `native` or an architecture. */
  readonly qualifier: string | undefined;
  readonly operator: VersionOperator | undefined;
  readonly version: string | undefined;
}

/** Alternatives, the first preferred. */
export type RelationGroup = readonly Relation[];

const pattern =
  /^([a-z0-9][a-z0-9+.-]*)(?::([a-z0-9-]+))?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s)]+)\s*\))?\s*(?:\[[^\]]*\])?\s*(?:<[^>]*>\s*)*$/i;

const parsed = new Map<string, readonly RelationGroup[]>();

/**
 * Reads a relationship field (policy 7.1): groups joined by commas, alternatives by `|`.
 * Alternatives that cannot be read are left out, so a group may be empty: nothing satisfies it.
 */
export function parseRelations(field: string): readonly RelationGroup[] {
  if (field === "") return [];
  const known = parsed.get(field);
  if (known) return known;
  const groups = field
    .split(",")
    .map((group) => group.trim())
    .filter((group) => group !== "")
    .map((group) => group.split("|").flatMap((alternative) => parseRelation(alternative.trim()) ?? []));
  // Fields repeat while one resolution goes on; the table is dropped before it grows large.
  if (parsed.size > 5000) parsed.clear();
  parsed.set(field, groups);
  return groups;
}

/** The relation as Debian writes it. */
export function formatRelation(relation: Relation): string {
  const qualifier = relation.qualifier === undefined ? "" : `:${relation.qualifier}`;
  const version = relation.operator === undefined ? "" : ` (${relation.operator} ${relation.version ?? ""})`;
  return relation.name + qualifier + version;
}

function parseRelation(text: string): Relation | undefined {
  const match = pattern.exec(text);
  if (!match?.[1]) return undefined;
  const operator = match[3] === "<" ? "<=" : match[3] === ">" ? ">=" : (match[3] as VersionOperator | undefined);
  return { name: match[1], qualifier: match[2], operator, version: match[4] };
}
