import type { OptionTable } from "../args.ts";

/** Flags that a command takes as another does, whose help lists them. */
export function unlisted<T extends OptionTable>(table: T): { readonly [K in keyof T]: Omit<T[K], "help"> } {
  return Object.fromEntries(
    Object.entries(table).map(([name, { help: _help, ...spec }]) => [name, spec]),
  ) as unknown as { readonly [K in keyof T]: Omit<T[K], "help"> };
}
