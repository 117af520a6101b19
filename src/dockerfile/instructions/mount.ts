import { nearestNames, parseByteSize, SlipwayError } from "../../base/index.ts";
import type { Flag, MountFlag, MountOption } from "../ast.ts";
import type { InstructionSource } from "../instruction-source.ts";
import { csvFields } from "./csv-fields.ts";

type Field = MountFlag["fields"][number];
type MountType = MountOption["type"];

/** The options of each type (section "RUN --mount"), by the name that they have in a MountOption. */
const options = {
  bind: ["target", "source", "from", "readonly"],
  cache: ["target", "source", "from", "readonly", "id", "sharing", "mode", "uid", "gid"],
  tmpfs: ["target", "size"],
  secret: ["target", "source", "id", "env", "required", "mode", "uid", "gid"],
  ssh: ["target", "source", "id", "required", "mode", "uid", "gid"],
} as const satisfies Record<MountType, readonly string[]>;

type OptionName = (typeof options)[MountType][number];

const aliases: Readonly<Record<string, OptionName | "type" | "readwrite">> = {
  type: "type",
  target: "target",
  dst: "target",
  destination: "target",
  source: "source",
  src: "source",
  from: "from",
  ro: "readonly",
  readonly: "readonly",
  rw: "readwrite",
  readwrite: "readwrite",
  id: "id",
  env: "env",
  sharing: "sharing",
  size: "size",
  mode: "mode",
  uid: "uid",
  gid: "gid",
  required: "required",
};

const sharings = ["shared", "private", "locked"] as const;

/** Cuts a `--mount` into its fields. What holds no variable is checked at once, the rest by `mountOption`. */
export function parseMount(flag: Flag, source: InstructionSource): MountFlag {
  const raw = csvFields(flag.value ?? "");
  if (raw === undefined) throw source.fault("--mount has a misplaced double quote", undefined, flag.valueSpan);
  const fields = raw.map((text): Field => {
    const cut = text.indexOf("=");
    const key = (cut === -1 ? text : text.slice(0, cut)).toLowerCase();
    return { key, value: cut === -1 ? undefined : text.slice(cut + 1) };
  });
  const mount: MountFlag = { fields, span: flag.span, location: source.args.line.source.location(flag.span) };
  for (const { key, value } of fields) {
    if (key === "from" && value?.includes("$") === true) {
      throw source.fault(
        "--mount cannot have a variable in from",
        "name a stage: FROM $IMAGE AS name, then from=name",
        flag.valueSpan,
      );
    }
  }
  if (!fields.some(({ value }) => value?.includes("$"))) mountOption(mount, (value) => value);
  return mount;
}

/**
 * The options of a mount, with the variables in its values replaced by `expand`.
 * @throws SLIP_DOCKERFILE for unknown types, options that a type does not have and values that it cannot have.
 */
export function mountOption(mount: MountFlag, expand: (value: string) => string): MountOption {
  const { location } = mount;
  const fail: Fail = (message, hint) => new SlipwayError({ code: "SLIP_DOCKERFILE", message, hint, location });
  const values = readFields(mount, expand, fail);
  const type = mountType(values.get("type"), fail);
  for (const name of values.keys()) {
    if (name !== "type" && !isOption(type, name === "readwrite" ? "readonly" : name)) {
      throw fail(`--mount=type=${type} has no option ${name}`, `it knows ${options[type].join(", ")}`);
    }
  }
  const text = (name: OptionName): string | undefined => values.get(name) || undefined;
  const target = text("target");
  const owner = {
    mode: number(values, "mode", 8, fail),
    uid: number(values, "uid", 10, fail),
    gid: number(values, "gid", 10, fail),
  };
  switch (type) {
    case "bind":
      return {
        type,
        target: needed(target, type, fail),
        source: text("source"),
        from: text("from"),
        readonly: isReadonly(values, true, fail),
      };
    case "cache": {
      const wanted = values.get("sharing") ?? "shared";
      const sharing = sharings.find((one) => one === wanted);
      if (sharing === undefined)
        throw fail(`--mount cannot have sharing=${wanted}`, `use one of: ${sharings.join(", ")}`);
      const readonly = isReadonly(values, false, fail);
      return {
        type,
        target: needed(target, type, fail),
        id: text("id"),
        source: text("source"),
        from: text("from"),
        readonly,
        sharing,
        ...owner,
      };
    }
    case "tmpfs": {
      const size = values.get("size");
      const bytes = size === undefined ? undefined : parseByteSize(size);
      if (size !== undefined && bytes === undefined)
        throw fail(`--mount cannot have size=${size}`, "use a number of bytes, or 64k, 64m, 1g");
      return { type, target: needed(target, type, fail), size: bytes };
    }
    default: {
      if (values.has("id") && values.has("source")) throw fail("--mount has both id and source", "keep id");
      const id = text("id") ?? text("source");
      if (type === "secret" && id === undefined && target === undefined && !values.has("env")) {
        throw fail("--mount=type=secret needs an id or a target", "write --mount=type=secret,id=NAME");
      }
      return { type, target, id, env: text("env"), required: bool(values, "required", fail) ?? false, ...owner };
    }
  }
}

type Fail = (message: string, hint?: string) => Error;
type Values = ReadonlyMap<string, string | undefined>;

function readFields(mount: MountFlag, expand: (value: string) => string, fail: Fail): Values {
  const values = new Map<string, string | undefined>();
  for (const { key, value } of mount.fields) {
    const name = Object.hasOwn(aliases, key) ? aliases[key] : undefined;
    if (name === undefined) {
      const [near] = nearestNames(key, Object.keys(aliases), 1);
      throw fail(`Unknown option ${JSON.stringify(key)} of --mount`, near && `did you mean ${near}?`);
    }
    if (value === undefined && !["readonly", "readwrite", "required"].includes(name)) {
      throw fail(`--mount option ${key} needs a value`, `write ${key}=VALUE`);
    }
    values.set(name, value === undefined ? undefined : expand(value));
  }
  return values;
}

function mountType(type: string | undefined, fail: Fail): MountType {
  if (type === undefined) return "bind";
  const known = Object.keys(options) as MountType[];
  const found = known.find((name) => name === type.toLowerCase());
  if (found === undefined) throw fail(`Unknown mount type ${JSON.stringify(type)}`, `use one of: ${known.join(", ")}`);
  return found;
}

/** `id` and `readonly` are taken by docker build for every type, and mean nothing where the reference does not list them. */
function isOption(type: MountType, name: string): boolean {
  return name === "id" || name === "readonly" || options[type].some((option) => option === name);
}

function needed(target: string | undefined, type: string, fail: Fail): string {
  if (target === undefined) throw fail(`--mount=type=${type} needs a target`, "write target=/PATH");
  return target;
}

function bool(values: Values, name: string, fail: Fail): boolean | undefined {
  if (!values.has(name)) return undefined;
  const value = values.get(name);
  if (value === undefined || /^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw fail(`--mount cannot have ${name}=${value}`, "use true or false");
}

function isReadonly(values: Values, fallback: boolean, fail: Fail): boolean {
  const writable = bool(values, "readwrite", fail);
  return bool(values, "readonly", fail) ?? (writable === undefined ? fallback : !writable);
}

function number(values: Values, name: "mode" | "uid" | "gid", base: 8 | 10, fail: Fail): number | undefined {
  const value = values.get(name);
  if (value === undefined) return undefined;
  if (!(base === 8 ? /^(0o)?[0-7]{1,6}$/ : /^\d{1,10}$/).test(value)) {
    throw fail(`--mount cannot have ${name}=${value}`, base === 8 ? "write the mode in octal: 0755" : "write a number");
  }
  return Number.parseInt(value.replace("0o", ""), base);
}
