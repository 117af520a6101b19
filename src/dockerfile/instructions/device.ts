import type { DeviceOption, Flag } from "../ast.ts";
import type { InstructionSource } from "../instruction-source.ts";
import { csvFields } from "./csv-fields.ts";

/** Section "RUN --device": `[name=]NAME[,required[=BOOL]]`, where NAME may hold `=` (vendor.com/device=foo). */
export function parseDevice(flag: Flag, source: InstructionSource): DeviceOption {
  const fail = (message: string, hint?: string) => source.fault(message, hint, flag.valueSpan);
  const fields = csvFields(flag.value ?? "");
  if (fields === undefined) throw fail("--device has a misplaced double quote");
  let name: string | undefined;
  let required = false;
  for (const field of fields) {
    const [key, value] = splitOnce(field);
    if (key === "required") {
      if (value !== undefined && !/^(1|t|true|0|f|false)$/i.test(value))
        throw fail(`--device cannot have ${field}`, "use true or false");
      required = value === undefined || /^(1|t|true)$/i.test(value);
    } else {
      const wanted = key === "name" ? (value ?? "") : field;
      if (name !== undefined)
        throw fail(`--device names ${JSON.stringify(name)} and ${JSON.stringify(wanted)}`, "use one --device each");
      name = wanted;
    }
  }
  if (name === undefined || name === "") throw fail("--device needs a name", "write --device=vendor.com/device=NAME");
  return { name: { text: name, span: flag.valueSpan, expandable: true }, required, span: flag.span };
}

function splitOnce(field: string): readonly [string, string?] {
  const cut = field.indexOf("=");
  return cut === -1 ? [field] : [field.slice(0, cut), field.slice(cut + 1)];
}
