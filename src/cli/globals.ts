import type { OptionTable } from "./args.ts";

/** Flags that every command takes, and that may also stand before it. */
export const globals = {
  store: {
    type: "string",
    aliases: ["root"],
    value: "FOLDER",
    help: "The store's folder (variable SLIPWAY_ROOT)",
  },
  debug: { type: "flag", help: "Print the causes and stacks of errors (variable SLIPWAY_DEBUG)" },
  help: { type: "flag", short: "h", help: "Show this help" },
} as const satisfies OptionTable;
