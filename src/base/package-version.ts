import { readFileSync } from "node:fs";
import { packageFile } from "./entry.ts";

/** This program's version; `unknown` where its package.json is not at hand. */
export function packageVersion(): string {
  try {
    const { version } = JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { readonly version?: unknown };
    return typeof version === "string" ? version : "unknown";
  } catch {
    return "unknown";
  }
}
