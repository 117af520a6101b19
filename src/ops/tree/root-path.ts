import { readlinkSync } from "node:fs";
import { fsPath, SlipwayError, toBytes, toText } from "../../base/index.ts";
import { find } from "./find.ts";

/** More links than this in one path are a loop, as for the kernel. */
const maxLinks = 255;

/** resolveBytes for paths given as text, and as text. */
export function resolveInRoot(root: string, path: string, followLast: boolean): string {
  return toText(resolveBytes(toBytes(root), toBytes(path), followLast));
}

/**
 * Where a path ends up inside a root when every link is read as if the root were `/`: never outside of it.
 * What does not exist yet is taken as written. Paths are byte strings.
 * @param followLast whether a link at the path's end is followed too.
 * @returns the path relative to the root, without a leading slash; "" is the root.
 */
export function resolveBytes(root: string, path: string, followLast: boolean): string {
  const pending = parts(path).reverse();
  const done: string[] = [];
  let links = 0;
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part === "..") {
      done.pop();
      continue;
    }
    const here = [root, ...done, part].join("/");
    const link = pending.length > 0 || followLast ? readLink(here) : undefined;
    if (link === undefined) {
      done.push(part);
      continue;
    }
    if (++links > maxLinks) {
      throw new SlipwayError({
        code: "SLIP_COPY_DESTINATION",
        message: `Cannot follow ${JSON.stringify(toText(path))}: too many symbolic links`,
        hint: "the links form a loop",
      });
    }
    if (link.startsWith("/")) done.length = 0;
    pending.push(...parts(link).reverse());
  }
  return done.join("/");
}

function parts(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function readLink(path: string): string | undefined {
  const absolute = fsPath(path);
  return find(absolute)?.isSymbolicLink() ? readlinkSync(absolute, "latin1") : undefined;
}

/** Where a file of a root lies, links followed inside it; undefined when there is no such file. */
export function fileIn(root: string, path: string): string | undefined {
  const absolute = `${root}/${resolveInRoot(root, path, true)}`;
  return find(absolute)?.isFile() ? absolute : undefined;
}
