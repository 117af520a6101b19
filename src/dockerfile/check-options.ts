import { SlipwayError } from "../base/index.ts";
import type { Dockerfile } from "./ast.ts";

/** What `# check=` asks for (section "check"). */
export interface CheckOptions {
  /** Names of rules whose warnings are not wanted; "all" for every one. */
  readonly skip: ReadonlySet<string>;
  /** Warnings end the build. */
  readonly error: boolean;
}

/**
 * Reads the check directive: `skip=Rule,Rule;error=true`.
 * @throws SLIP_DOCKERFILE for other keys and values.
 */
export function checkOptions(dockerfile: Dockerfile): CheckOptions {
  const directive = dockerfile.directives.find(({ name }) => name === "check");
  const skip = new Set<string>();
  let error = false;
  for (const option of directive?.value.text.split(";") ?? []) {
    const [key = "", value = ""] = option.split("=", 2).map((part) => part.trim());
    if (key === "" && value === "") continue;
    if (key === "skip") for (const rule of value.split(",")) skip.add(rule.trim());
    else if (key === "error" && /^(true|1)$/i.test(value)) error = true;
    else if (key !== "error" || !/^(false|0)$/i.test(value)) {
      throw new SlipwayError({
        code: "SLIP_DOCKERFILE",
        message: `The check directive cannot have ${JSON.stringify(option.trim())}`,
        hint: "write # check=skip=RuleName,OtherRule;error=true",
        location: directive && { file: dockerfile.file, text: dockerfile.text, span: directive.span },
      });
    }
  }
  return { skip, error };
}

/** Whether a warning is wanted. */
export function isChecked(rule: string, options: CheckOptions): boolean {
  return !options.skip.has("all") && !options.skip.has(rule);
}
