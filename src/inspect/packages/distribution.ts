import type { Distribution } from "../../attest/index.ts";
import type { InRoot } from "../in-root.ts";
import { cleanText } from "./text.ts";

const largest = 64 * 1024;

/** What os-release(5) says that the root is; undefined for a root without one. */
export function distributionOf(root: InRoot): Distribution | undefined {
  for (const path of ["/etc/os-release", "/usr/lib/os-release"]) {
    const bytes = root.read(path, largest);
    const fields = bytes instanceof Buffer ? assignments(bytes.toString("utf8")) : undefined;
    const id = cleanText(fields?.get("ID"));
    if (!fields || id === undefined || !/^[\w.-]+$/.test(id)) continue;
    const field = (name: string): string | undefined => cleanText(fields.get(name));
    return { id, version: field("VERSION_ID"), codename: field("VERSION_CODENAME"), name: field("PRETTY_NAME") };
  }
  return undefined;
}

/** Lines as a shell takes assignments: quotes and backslashes count. */
function assignments(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line.trim()) ?? [];
    if (name === undefined || value === undefined) continue;
    const [, , inner] = /^(["'])(.*)\1$/.exec(value) ?? [];
    fields.set(name, (inner ?? value).replaceAll(/\\(.)/g, "$1"));
  }
  return fields;
}
