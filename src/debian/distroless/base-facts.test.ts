import { expect, test } from "vitest";
import { baseFacts, measuredOn } from "./base-facts.ts";
import { builtInNames } from "./built-in.ts";
import { runtimeText } from "./runtime-versions.ts";

test.each(["bookworm", "trixie"] as const)(
  "every built-in base of %s was measured, and its libraries read",
  (suite) => {
    const { release, sizes, libraries } = baseFacts[suite];
    expect(release).toMatch(suite === "bookworm" ? /^12\.\d+$/ : /^13\.\d+$/);
    expect(new Date(measuredOn).toISOString().slice(0, 10)).toBe(measuredOn);
    const names = builtInNames(suite).filter((name) => !/^nodejs\d/.test(name));
    expect(Object.keys(sizes).sort()).toEqual([...names].sort());
    for (const name of names) {
      for (const arch of ["amd64", "arm64"]) {
        const [size = 0, compressed = 0] = sizes[name]?.[arch] ?? [];
        expect(compressed, `${name} ${arch}`).toBeGreaterThan(100_000);
        expect(size, `${name} ${arch}`).toBeGreaterThan(compressed);
      }
    }
    expect(libraries["libc.so.6"]?.bases).toEqual(names.filter((name) => name !== "static"));
    expect(libraries["libstdc++.so.6"]?.bases).toEqual(expect.arrayContaining(["cc", "python3", "nodejs"]));
    expect(libraries["libssl.so.3"]?.bases).not.toContain("base-nossl");
    expect(runtimeText("cc", suite)).toMatch(/^glibc 2\.\d+$/);
  },
);
