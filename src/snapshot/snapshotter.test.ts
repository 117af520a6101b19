import { beforeAll, describe, expect, test } from "vitest";
import { inNamespace, type NamespaceKind, overlayXattrs, whyNoNamespace } from "../../test/support/in-namespace.ts";
import { cases } from "./snapshotter.cases.ts";

// As root both ways are tried: with its own rights, and as in a user namespace, where device nodes and trusted.* are refused.
const ways: readonly (readonly [NamespaceKind | undefined, "trusted" | "user"])[] =
  overlayXattrs === "trusted"
    ? [
        [undefined, "trusted"],
        ["one-id", "user"],
      ]
    : [[undefined, "user"]];

describe.skipIf(whyNoNamespace)(`Snapshotter over overlayfs${whyNoNamespace ? ` (${whyNoNamespace})` : ""}`, () => {
  describe.each(ways)("in a namespace of kind %s with %s attributes", (kind, xattrs) => {
    let results: Record<string, string | null> = {};

    beforeAll(async () => {
      const module = new URL("./snapshotter.cases.ts", import.meta.url);
      results = (await inNamespace(module, "runCases", xattrs, kind)) as typeof results;
    });

    test.each(Object.keys(cases))("%s", (name) => {
      expect(results[name]).toBeNull();
    });
  });
});
