import { SlipwayError } from "../base/index.ts";

/**
 * The part of docker's Go templates that scripts use: `{{.Field.Field}}` and `{{json .Field}}`.
 * Throws SLIP_UNSUPPORTED for anything else in braces, SLIP_USAGE for a field that is not there.
 */
export function formatTemplate(template: string, value: unknown): string {
  return template
    .replaceAll("\\n", "\n")
    .replaceAll("\\t", "\t")
    .replace(/\{\{(.*?)\}\}/g, (whole, inner: string) => {
      const match = /^\s*(json\s+)?(\.|(?:\.[A-Za-z_][A-Za-z0-9_]*)+)\s*$/.exec(inner);
      if (!match) {
        throw new SlipwayError({
          code: "SLIP_UNSUPPORTED",
          message: `Template ${whole} is not supported`,
          hint: "write {{.Field}} or {{json .Field}}, or take --format json to a tool like jq",
        });
      }
      const found = (match[2] ?? "")
        .split(".")
        .filter(Boolean)
        .reduce((at, name) => field(at, name, whole), value);
      return match[1] === undefined && typeof found === "string" ? found : JSON.stringify(found);
    });
}

function field(value: unknown, name: string, whole: string): unknown {
  if (value !== null && typeof value === "object" && Object.hasOwn(value, name)) {
    return (value as Record<string, unknown>)[name];
  }
  const names = value !== null && typeof value === "object" ? Object.keys(value).join(", ") : "";
  throw new SlipwayError({
    code: "SLIP_USAGE",
    message: `No field ${name} for template ${whole}`,
    hint: names === "" ? undefined : `there is: ${names}`,
  });
}
