import { didYouMean } from "../../base/index.ts";
import { usage } from "../args.ts";
import { command } from "../command.ts";
import { commandHelp, helpColumns, programHelp } from "../help-text.ts";
import { findCommand, registry } from "../registry.ts";

export const help = command({
  name: "help",
  usage: "[COMMAND]",
  summary: "Show what a command does and takes",
  options: {},
  positionals: [0, 2],
  async run({ positionals }, io) {
    if (positionals.length === 0) {
      io.stdout.write(programHelp(io.style, helpColumns(io.stdout)));
      return;
    }
    const found = findCommand(positionals);
    if (!found) {
      const names = registry.map((entry) => entry.name);
      throw usage(
        `Unknown command "${positionals.join(" ")}"`,
        didYouMean(positionals[0] ?? "", names) ?? "see slipway --help",
      );
    }
    io.stdout.write(commandHelp(await found.entry.load(), found.entry, io.style, helpColumns(io.stdout)));
  },
});
