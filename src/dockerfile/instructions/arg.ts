import type { InstructionParser } from "../instruction-source.ts";

/** Section "ARG": `ARG name[=default] ...`. */
export const parseArg: InstructionParser<"arg"> = (source) => {
  source.flags();
  const { line } = source.args;
  const args = source.args.shellWords().map((word) => {
    const cut = word.text.indexOf("=");
    if (cut === 0) throw source.fault("ARG has an empty name", "write ARG name or ARG name=default", word.span);
    if (cut === -1) return { name: word.word(), value: undefined };
    return { name: line.word(word.start, word.start + cut), value: line.word(word.start + cut + 1, word.end) };
  });
  if (args.length === 0) throw source.fault("ARG requires at least one argument", "write ARG name or ARG name=default");
  return { args };
};
