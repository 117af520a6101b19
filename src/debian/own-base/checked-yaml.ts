import type * as yamlLibrary from "yaml";
import type { Document, Node, Pair, Scalar, YAMLMap } from "yaml";
import { didYouMean, SlipwayError, type SourceLocation } from "../../base/index.ts";

/**
 * The part of JSON Schema (draft-07) that texts are checked by; editors read the same object from a file.
 * `patternErrorMessage` is what the YAML language server shows, and what is said here.
 */
export interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: SchemaType | readonly SchemaType[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly patternErrorMessage?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false | Schema;
  readonly propertyNames?: Schema;
  /** The first that is of the kind which is written there decides. */
  readonly anyOf?: readonly Schema[];
  readonly examples?: readonly unknown[];
}

type SchemaType = "object" | "array" | "string" | "integer" | "number" | "boolean";

type Path = readonly (string | number)[];

/** A text that follows its schema, with the places of what is in it. */
export interface CheckedYaml<T> {
  readonly value: T;
  /** The place of a value, or of the nearest thing around it that is there. */
  readonly at: (path: Path) => SourceLocation;
  /** An error about the value at a path: SLIP_BASE unless another code is given. */
  readonly fault: (path: Path, what: string, hint?: string) => SlipwayError;
}

export interface YamlText {
  readonly text: string;
  /** Its name, for messages. */
  readonly file: string;
  readonly code: "SLIP_BASE" | "SLIP_LOCK";
  /** What to do about an empty text. */
  readonly empty: string;
  /** What to do about one that git left unmerged. */
  readonly again: string;
}

/** Longer texts are no description of a base (UTF-16 units). */
const longest = 4 << 20;

/**
 * Reads a YAML text (1.2) strictly: one document, no anchors, no tags, no key twice, and only what the schema knows.
 * @throws the text's code with the place of the first thing that is wrong, and the remedy.
 */
export async function checkYaml<T>(yaml: YamlText, schema: Schema): Promise<CheckedYaml<T>> {
  const lib = await import("yaml");
  const { text } = yaml;
  const places = new Places(yaml);
  if (text.length > longest) throw places.error(0, 0, `it has ${text.length} characters, which no such file has`);
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(text);
  if (control) throw places.error(control.index, control.index + 1, "a control character is there", "remove it");
  const conflict = /^(?:<{7}|={7}|>{7})/m.exec(text);
  if (conflict) {
    throw places.error(conflict.index, conflict.index + 7, "two branches were not merged there", yaml.again);
  }
  const doc = lib.parseDocument(text, {
    prettyErrors: false,
    logLevel: "error",
    stringKeys: true,
    keepSourceTokens: false,
  });
  const [problem] = [...doc.errors, ...doc.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  if (problem) throw notYaml(problem, places);
  const check = new Check(lib, places);
  if (!doc.contents || (lib.isScalar(doc.contents) && doc.contents.value === null)) {
    throw places.error(0, 0, "it is empty", yaml.empty);
  }
  const value = check.node(doc.contents, schema, []) as T;
  return {
    value,
    at: (path) => places.of(nearestNode(lib, doc, path)),
    fault: (path, what, hint) => places.fault(nearestNode(lib, doc, path), what, hint),
  };
}

function notYaml(
  problem: { readonly code: string; readonly message: string; readonly pos: readonly [number, number] },
  places: Places,
): SlipwayError {
  const [start, end] = problem.pos;
  switch (problem.code) {
    case "DUPLICATE_KEY":
      return places.error(start, end, "this key stands there twice", "keep one of them");
    case "MULTIPLE_DOCS":
      return places.error(
        start,
        end,
        "a second document begins there",
        "one file describes one base: remove the line ---",
      );
    case "TAB_AS_INDENT":
      return places.error(start, end, "a tab stands there, where YAML wants spaces", "indent with spaces");
    case "TAG_RESOLVE_FAILED":
      return places.error(start, end, "tags (!name) are not known here", "write the plain value");
    default:
      // The library reports its own stack's end as a fault of the text.
      if (/stack/i.test(problem.message)) {
        return places.error(start, start, "lists or keys are nested too deeply there", "such files have a few levels");
      }
      return places.error(
        start,
        end,
        `that is no YAML: ${problem.message.split("\n")[0] ?? ""}`,
        "lists are lines that begin with `- `, and everything is indented with spaces",
      );
  }
}

type Yaml = typeof yamlLibrary;

/** Offsets of the text as places, and errors with them. */
class Places {
  readonly #yaml: YamlText;

  constructor(yaml: YamlText) {
    this.#yaml = yaml;
  }

  /** The remedy for a text that says nothing of what it is to say. */
  get least(): string {
    return this.#yaml.empty;
  }

  of(node: Node | undefined): SourceLocation {
    const [start, end] = node?.range ?? [0, 0];
    return this.#place(start, end);
  }

  fault(node: Node | undefined, what: string, hint?: string): SlipwayError {
    const [start, end] = node?.range ?? [0, 0];
    return this.error(start, end, what, hint);
  }

  error(start: number, end: number, what: string, hint?: string): SlipwayError {
    const { file, text, code } = this.#yaml;
    const location = this.#place(start, end);
    const column = location.span.start - (text.lastIndexOf("\n", location.span.start - 1) + 1) + 1;
    return new SlipwayError({
      code,
      message: `Cannot use ${file}:${location.span.startLine}:${column}: ${what}`,
      hint,
      location,
    });
  }

  /** What spans several lines is marked by its first. */
  #place(start: number, end: number): SourceLocation {
    const { file, text } = this.#yaml;
    const from = Math.min(start, text.length);
    const word = /[^\s:,\]}]*/y;
    const feed = text.indexOf("\n", from);
    word.lastIndex = from;
    // The library marks a single sign where it means a word.
    const whole = end === start + 1 ? from + (word.exec(text)?.[0].length ?? 0) : end;
    const until = Math.max(from, Math.min(Math.max(end, whole), feed < 0 ? text.length : feed));
    const startLine = text.slice(0, from).split("\n").length;
    return { file, text, span: { start: from, end: until, startLine, endLine: startLine } };
  }
}

function nearestNode(lib: Yaml, doc: Document, path: Path): Node | undefined {
  for (let length = path.length; length > 0; length--) {
    const found = doc.getIn(path.slice(0, length), true);
    if (lib.isNode(found)) return found;
  }
  return doc.contents ?? undefined;
}

class Check {
  readonly #lib: Yaml;
  readonly #places: Places;

  constructor(lib: Yaml, places: Places) {
    this.#lib = lib;
    this.#places = places;
  }

  node(node: Node, schema: Schema, path: Path): unknown {
    const lib = this.#lib;
    if (lib.isAlias(node) || ("anchor" in node && node.anchor !== undefined)) {
      throw this.#places.fault(node, "anchors and aliases are not known here", "write the value out");
    }
    if (node.tag !== undefined)
      throw this.#places.fault(node, "tags (!name) are not known here", "write the plain value");
    if (schema.anyOf) {
      const fitting = schema.anyOf.find((one) => this.#isOf(node, one));
      if (!fitting) throw this.#wrongType(node, schema, path);
      return this.node(node, fitting, path);
    }
    if (!this.#isOf(node, schema)) throw this.#wrongType(node, schema, path);
    if (lib.isMap(node)) return this.#map(node, schema, path);
    if (lib.isSeq(node)) {
      const items = node.items as readonly Node[];
      if (items.length < (schema.minItems ?? 0))
        throw this.#places.fault(node, `${named(path)} is an empty list`, "name one at least, or leave the key out");
      return items.map((item, at) => this.node(item, schema.items ?? {}, [...path, at]));
    }
    return this.#scalar(node, schema, path);
  }

  #map(node: YAMLMap, schema: Schema, path: Path): object {
    const { properties = {}, required = [], additionalProperties = false } = schema;
    const found = new Map<string, unknown>();
    for (const pair of node.items as readonly Pair<Scalar<string>, Node | null>[]) {
      const key = pair.key.value;
      const own = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
      if (own === undefined || own === false) {
        const where = path.length === 0 ? "" : ` in ${named(path)}`;
        throw this.#places.fault(
          pair.key,
          `unknown key ${JSON.stringify(key)}${where}`,
          didYouMean(key, Object.keys(properties)) ?? `the keys there are ${Object.keys(properties).join(", ")}`,
        );
      }
      if (schema.propertyNames) this.node(pair.key, schema.propertyNames, [...path, key]);
      if (!pair.value || (this.#lib.isScalar(pair.value) && pair.value.value === null)) {
        throw this.#places.fault(
          pair.key,
          `${key} has no value`,
          hasText(own)
            ? `write ${key}: "" for an empty text, or leave the line out`
            : "write one, or leave the line out",
        );
      }
      found.set(key, this.node(pair.value, own, [...path, key]));
    }
    const missing = required.find((key) => !found.has(key));
    if (missing !== undefined) {
      throw this.#places.fault(node, `${named(path)} needs ${missing}`, describe(properties[missing]));
    }
    return Object.fromEntries(found);
  }

  #scalar(node: Scalar, schema: Schema, path: Path): unknown {
    const types = typesOf(schema);
    const written = typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
    if (schema.enum && !schema.enum.includes(written)) {
      throw this.#places.fault(
        node,
        `${named(path)} cannot be ${JSON.stringify(written)}`,
        [didYouMean(written, schema.enum), `there ${schema.enum.length === 1 ? "is" : "are"} ${schema.enum.join(", ")}`]
          .filter(Boolean)
          .join(" "),
      );
    }
    if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(written)) {
      throw this.#places.fault(node, `${named(path)} cannot be ${JSON.stringify(written)}`, schema.patternErrorMessage);
    }
    if (types.includes("string")) return written;
    if (typeof node.value === "number") {
      const { minimum = -Infinity, maximum = Infinity } = schema;
      if (node.value < minimum || node.value > maximum) {
        throw this.#places.fault(
          node,
          `${named(path)} cannot be ${written}`,
          minimum === maximum ? `it is ${minimum}` : `it is a number from ${minimum} to ${maximum}`,
        );
      }
    }
    return node.value;
  }

  #isOf(node: Node, schema: Schema): boolean {
    const kind = this.#kindOf(node);
    return typesOf(schema).some((type) => type === kind || (type === "number" && kind === "integer"));
  }

  #kindOf(node: Node): SchemaType | "null" | "other" {
    if (this.#lib.isMap(node)) return "object";
    if (this.#lib.isSeq(node)) return "array";
    const { value } = node as Scalar;
    switch (typeof value) {
      case "string":
      case "boolean":
        return typeof value as "string" | "boolean";
      case "number":
        return Number.isSafeInteger(value) ? "integer" : "number";
      default:
        return value === null ? "null" : "other";
    }
  }

  #wrongType(node: Node, schema: Schema, path: Path): SlipwayError {
    const wanted = (schema.anyOf ?? [schema]).flatMap((one) => typesOf(one));
    const kind = this.#kindOf(node);
    const source = this.#lib.isScalar(node) ? (node.source ?? "") : "";
    const key = path.findLast((part) => typeof part === "string") ?? "";
    const hint =
      wanted.includes("string") && ["integer", "number", "boolean"].includes(kind)
        ? `put it in quotes: "${source}"`
        : wanted.includes("array") && ["string", "integer"].includes(kind)
          ? `write ${key}: [${source}]`
          : path.length === 0
            ? this.#places.least
            : describe(schema);
    const words = [...new Set(wanted.map((type) => wordsOf[type]))];
    const is = kind === "null" ? "it has no value" : `it is ${kind === "other" ? "something else" : wordsOf[kind]}`;
    return this.#places.fault(node, `${named(path)} must be ${words.join(" or ")}, and ${is}`, hint);
  }
}

const wordsOf: Readonly<Record<SchemaType, string>> = {
  object: "keys with values",
  array: "a list",
  string: "a text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
};

function typesOf({ type = [] }: Schema): readonly SchemaType[] {
  return typeof type === "string" ? [type] : type;
}

function hasText(schema: Schema): boolean {
  return typesOf(schema).includes("string");
}

function describe(schema: Schema | undefined): string | undefined {
  return schema?.description?.replace(/\.$/, "");
}

/** `files.mode`: which of several it is, its place says. */
function named(path: Path): string {
  return path.filter((part) => typeof part === "string").join(".") || "the file";
}
