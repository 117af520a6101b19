import { command } from "../command.ts";
import { formatSize } from "../format.ts";
import { printable } from "../text.ts";

export const cacheRm = command({
  name: "cache rm",
  usage: "CACHE [CACHE...]",
  summary: "Delete cache mounts",
  description:
    "CACHE is the id in the Dockerfile, which stands for all caches that are called so, or an id of slipway cache ls. A cache that a running build uses stays.",
  options: {},
  positionals: [1, Number.POSITIVE_INFINITY],
  missing: "name the cache: slipway cache ls lists them",
  async run({ positionals }, io) {
    const removed = await (await io.library()).removeCacheMounts(positionals, { store: io.store, signal: io.signal });
    const lines = removed.map(({ id, name, size }) => {
      const freed = size === undefined ? "" : ` (${formatSize(size)})`;
      return `Deleted: ${id} ${printable(name)}${freed}\n`;
    });
    io.stdout.write(lines.join(""));
  },
});
