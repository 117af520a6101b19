import type { Pair } from "../ast.ts";
import type { InstructionParser, InstructionSource } from "../instruction-source.ts";

/** Section "ENV": `ENV name=value ...`, or `ENV name value`, where the value reaches to the end of the line. */
export const parseEnv: InstructionParser<"env"> = (source) => ({ pairs: pairs(source) });

/** Section "LABEL"; its forms are those of ENV. */
export const parseLabel: InstructionParser<"label"> = (source) => ({ pairs: pairs(source) });

function pairs(source: InstructionSource): readonly Pair[] {
  source.flags();
  const { name, args } = source;
  const words = args.shellWords();
  const [first] = words;
  if (first === undefined) throw source.fault(`${name} requires at least one argument`, `write ${name} name=value`);
  if (!first.text.includes("=")) return [oldPair(source)];
  return words.map((word) => {
    const cut = word.text.indexOf("=");
    if (cut === -1) {
      const hint = "every argument must be name=value; put a value with blanks in double quotes";
      throw source.fault(`${name} has no = in ${JSON.stringify(word.text)}`, hint, word.span);
    }
    if (cut === 0) throw source.fault(`${name} has an empty name`, "write name=value", word.span);
    const at = word.start + cut;
    return { name: args.line.word(word.start, at), value: args.line.word(at + 1, word.end) };
  });
}

function oldPair(source: InstructionSource): Pair {
  const [key, value] = source.args.blankSeparated(2);
  if (key === undefined || value === undefined) {
    throw source.fault(`${source.name} must have two arguments`, `write ${source.name} name=value`);
  }
  return { name: key.word(), value: value.word() };
}
