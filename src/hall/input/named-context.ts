import { statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { SlipwayError } from "../../base/index.ts";
import { parseGitSource } from "../../fetch/index.ts";
import type { SourceOp } from "../../graph/index.ts";
import { parseLayoutReference } from "../../import/index.ts";
import type { NamedContext } from "../../plan/index.ts";
import { readIgnore } from "./dockerfile-source.ts";

const kinds =
  "a folder, an address of a git repository or archive, docker-image://IMAGE, oci-layout://FOLDER:TAG or target:STAGE";

/** What a `--build-context` stands for. Throws SLIP_CONTEXT, SLIP_USAGE, SLIP_REFERENCE, SLIP_UNSUPPORTED. */
export function namedContext(name: string, value: string): NamedContext {
  const image = /^docker-image:\/\/(.+)$/.exec(value);
  if (image) return { type: "image", reference: image[1] as string };
  const stage = /^target:(.+)$/.exec(value);
  if (stage) return { type: "stage", stage: stage[1] as string };
  const layout = parseLayoutReference(value);
  if (layout) {
    const { folder, tag, digest } = layout;
    const suffix = `${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
    return { type: "image", reference: `oci-layout://${resolve(folder)}${suffix}` };
  }
  const op = remoteContext(name, value);
  if (op) return { type: "source", op };
  const scheme = /^([a-z][a-z+.-]*):(\/\/)?/i.exec(value);
  if (scheme && !isAbsolute(value)) {
    throw new SlipwayError({
      code: "SLIP_UNSUPPORTED",
      message: `The named context ${name}=${value} is not supported yet: ${scheme[1]} is not a kind of context that slipway reads`,
      hint: `give ${kinds}`,
    });
  }
  const path = resolve(value);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new SlipwayError({
      code: "SLIP_CONTEXT",
      message: `The named context ${name} is no folder: ${value}`,
      hint: `give ${kinds}`,
    });
  }
  return { type: "folder", path, ignore: readIgnore(path) };
}

/**
 * What brings a build context that lies elsewhere: a git repository, or a file on a web server. Undefined for what is no address.
 * @param name `context` for the main one.
 */
export function remoteContext(name: string, value: string): SourceOp | undefined {
  const source = parseGitSource(value, { context: true });
  if (source) return { kind: "git", source, keepGitDir: source.keepGitDir ?? false, context: name };
  if (!/^https?:\/\//.test(value)) return undefined;
  if (URL.canParse(value)) return { kind: "http", url: value, name: "context", context: name };
  throw new SlipwayError({ code: "SLIP_USAGE", message: `The build context ${JSON.stringify(value)} is no address` });
}
