import { canonicalJson, type Digest } from "../base/index.ts";
import { looksSecret } from "../dockerfile/index.ts";
import type { OpSpec, Vertex } from "../graph/index.ts";
import { type FileList, type Hidden, hiddenValue, type KeyParts } from "../solve/index.ts";
import { stepKeyVersion } from "./step-key.ts";

/** Longer texts are kept as their beginning and a digest. */
const longest = 400;

/** User and password in an address, also with characters that should have been written as `%2F` or `%40`. */
const credentials = /\/\/(?:[^\s"'/@:]*:[^\s"']*|[^\s"'/]*)@/g;

/** Members of operations that people know by another name. */
const names: Readonly<Record<string, string>> = {
  args: "command",
  cwd: "working folder",
  sources: "source",
  time: "SOURCE_DATE_EPOCH",
  shmSize: "shm-size",
  extraHosts: "host names",
};

/** Members that are no part of a key, or that are told on their own. */
const apart = new Set(["kind", "env", "secretEnv", "mounts", "cgroupParent", "resources"]);

/**
 * What a step's key was made of, as it is kept to tell later why another's differs. What may be a secret is not in it: values of variables
 * that are called so stand as digests, and addresses have no passwords.
 * @param files what the step takes, by where from.
 */
export function keyParts(
  { op, origin, inputs: vertices }: Vertex,
  inputs: readonly (Digest | undefined)[],
  files: Readonly<Record<string, FileList>>,
): KeyParts {
  const base = vertices[0]?.op;
  return {
    instruction: shortened(origin.text),
    version: stepKeyVersion,
    base: inputs[0],
    baseName: base?.kind === "image" ? base.name : base?.kind === "scratch" ? "scratch" : undefined,
    settings: settingsOf(op),
    variables: "env" in op ? Object.fromEntries(op.env.map(variable)) : {},
    mounts: "mounts" in op ? op.mounts.map(mountText) : [],
    files,
  };
}

function settingsOf(op: OpSpec): Readonly<Record<string, string>> {
  const members = Object.entries(op as unknown as Readonly<Record<string, unknown>>).filter(
    ([name, value]) => !apart.has(name) && value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(members.map(([name, value]) => [names[name] ?? name, shortened(settingText(name, value))]));
}

function settingText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return canonicalJson(value);
  // Their addresses may change from day to day, and are no part of the key.
  if (name === "extraHosts") return value.map((host: { readonly name: string }) => host.name).join(" ");
  return value.map((item: unknown) => (typeof item === "string" ? item : itemText(item))).join(" ");
}

function itemText(item: unknown): string {
  const { type, path, name } = item as Readonly<Record<string, unknown>>;
  if (type === "path" && typeof path === "string") return path;
  return type === "inline" ? `<<${String(name)} ${digestOfText(canonicalJson(item))}` : canonicalJson(item);
}

function variable(text: string): readonly [string, Hidden] {
  const at = text.indexOf("=");
  const [name, value] = at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  const isHidden = looksSecret(name) || withoutCredentials(value) !== value;
  return [name, isHidden ? hiddenValue(value) : shortened(value)];
}

/** `secret npm on /run/secrets/npm`. */
function mountText(mount: Extract<OpSpec, { kind: "exec" }>["mounts"][number]): string {
  const id = "id" in mount ? ` ${mount.id}` : "";
  const target = "target" in mount && mount.target !== undefined ? ` on ${mount.target}` : "";
  const env = "env" in mount && mount.env !== undefined ? ` as ${mount.env}` : "";
  const source = mount.type === "bind" && mount.source !== "" ? ` ${mount.source}` : "";
  return `${mount.type}${id}${source}${target}${env}`;
}

/** The digest tells texts apart that look the same without what is left out. */
function shortened(text: string): string {
  const safe = withoutCredentials(text);
  if (safe.length > longest) return `${safe.slice(0, longest)}… (${digestOfText(text)})`;
  return safe === text ? text : `${safe} (${digestOfText(text)})`;
}

/** Without user names and passwords in addresses. */
export function withoutCredentials(text: string): string {
  return text.replace(credentials, "//");
}

function digestOfText(text: string): string {
  return hiddenValue(text).digest;
}
