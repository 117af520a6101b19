import type { Command } from "../ast.ts";
import type { InstructionParser, InstructionSource } from "../instruction-source.ts";

/** Section "CMD". Without arguments it is `CMD []`. */
export const parseCmd: InstructionParser<"cmd"> = (source) => ({ command: command(source) });

/** Section "ENTRYPOINT". Without arguments it is `ENTRYPOINT []`. */
export const parseEntrypoint: InstructionParser<"entrypoint"> = (source) => ({ command: command(source) });

function command(source: InstructionSource): Command {
  source.flags();
  return source.args.empty ? { form: "exec", args: [] } : source.command();
}
