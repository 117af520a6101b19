import { SlipwayError, type SourceLocation } from "../base/index.ts";
import type { Dockerfile, Instruction } from "./ast.ts";

/** What `# check=` asks for (section "check"). "all" stands for every rule. */
export interface CheckOptions {
  /** Rules whose findings are not wanted. */
  readonly skip: ReadonlySet<string>;
  /** Experimental rules that are wanted; they are silent without. */
  readonly experimental: ReadonlySet<string>;
  /** Findings end the build. */
  readonly error: boolean;
}

/** The build argument that takes the place of the file's own directive. */
const argument = "BUILDKIT_DOCKERFILE_CHECK";
const none: CheckOptions = { skip: new Set(), experimental: new Set(), error: false };

/**
 * The options of a build: those of the build argument BUILDKIT_DOCKERFILE_CHECK, even an empty one, or else of the check directive.
 * @throws SLIP_DOCKERFILE for other keys and values than `skip=Rule,Rule;error=true;experimental=all`.
 */
export function checkOptions(dockerfile: Dockerfile, buildArgs: Readonly<Record<string, string>> = {}): CheckOptions {
  const given = Object.hasOwn(buildArgs, argument) ? buildArgs[argument] : undefined;
  if (given !== undefined) return parseOptions(given, `The build argument ${argument}`, undefined);
  const directive = dockerfile.directives.find(({ name }) => name === "check");
  if (directive === undefined) return none;
  const location = { file: dockerfile.file, text: dockerfile.text, span: directive.span };
  return parseOptions(directive.value.text, "The check directive", location);
}

function parseOptions(text: string, what: string, location: SourceLocation | undefined): CheckOptions {
  const found = readOptions(text);
  if (typeof found !== "string") return found;
  throw new SlipwayError({
    code: "SLIP_DOCKERFILE",
    message: `${what} cannot have ${JSON.stringify(found)}`,
    hint: "write skip=RuleName,OtherRule;error=true",
    location,
  });
}

/** The options, or the part that is none. */
function readOptions(text: string): CheckOptions | string {
  const skip = new Set<string>();
  const experimental = new Set<string>();
  let error = false;
  for (const option of text.split(";")) {
    const cut = option.indexOf("=");
    const key = (cut === -1 ? option : option.slice(0, cut)).trim();
    const value = cut === -1 ? "" : option.slice(cut + 1).trim();
    if (key === "" && value === "") continue;
    if (cut === -1) return option.trim();
    if (key === "skip" || key === "experimental") {
      for (const rule of value.split(",")) (key === "skip" ? skip : experimental).add(rule.trim());
    } else if (key === "error" && /^(true|t|1)$/i.test(value)) error = true;
    else if (key !== "error" || !/^(false|f|0)$/i.test(value)) return option.trim();
  }
  return { skip, experimental, error };
}

/** Whether a rule's findings are wanted. */
export function isChecked(rule: string, experimental: boolean, options: CheckOptions): boolean {
  const named = (set: ReadonlySet<string>): boolean => set.has("all") || set.has(rule);
  return experimental ? named(options.experimental) : !named(options.skip);
}

/** The options for one instruction: a comment `# check=skip=Rule` above it adds to those of the file. What cannot be read is a mere comment. */
export function instructionOptions(instruction: Instruction, options: CheckOptions): CheckOptions {
  for (const text of describingComments(instruction)) {
    const match = /^check\s*=\s*(\S+)/i.exec(text);
    if (match === null) continue;
    const own = readOptions(match[1] ?? "");
    if (typeof own === "string") return options;
    return {
      skip: new Set([...options.skip, ...own.skip]),
      experimental: new Set([...options.experimental, ...own.experimental]),
      error: options.error,
    };
  }
  return options;
}

/** The comments above an instruction, from the last empty one on. */
export function describingComments({ comments, span }: Instruction): readonly string[] {
  const above = comments.filter((comment) => comment.span.end <= span.start).map(({ text }) => text);
  return above.slice(above.lastIndexOf("") + 1);
}
