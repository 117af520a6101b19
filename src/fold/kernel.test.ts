import { expect, test } from "vitest";
import { inNamespace, whyNoNamespace } from "../../test/support/in-namespace.ts";

test.skipIf(whyNoNamespace)(
  `overlayfs shows the same files before and after${whyNoNamespace ? ` (skipped: ${whyNoNamespace})` : ""}`,
  async () => {
    const module = new URL("./kernel.cases.ts", import.meta.url);
    expect(await inNamespace(module, "compareWithKernel", 40)).toBe(40);
  },
);
