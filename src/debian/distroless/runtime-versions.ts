import { baseFacts } from "./base-facts.ts";
import { type DistrolessSuite, suiteLists } from "./package-lists.ts";

/** The releases of runtimes that a suite has, lowest first. */
export function runtimeVersions(suite: DistrolessSuite): {
  readonly python: string;
  readonly java: readonly number[];
  readonly node: number;
} {
  const { python, javaVersions, node } = suiteLists[suite];
  return { python: python.version, java: javaVersions, node: node.version };
}

/** What runs in a built-in base, in words: `Python 3.13`; empty for one with nothing that runs. */
export function runtimeText(name: string, suite: DistrolessSuite): string {
  const { python, java, node } = runtimeVersions(suite);
  const version = /^java(\d+)$/.exec(name)?.[1];
  if (version !== undefined && java.includes(Number(version))) return `Java ${version}`;
  if (name === "python3") return `Python ${python}`;
  if (name === "nodejs") return `Node.js ${node}`;
  const [libc = ""] = baseFacts[suite].libraries["libc.so.6"]?.versions ?? [];
  return name === "static" ? "" : libc.replace("GLIBC_", "glibc ");
}
