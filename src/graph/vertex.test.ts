import { expect, test } from "vitest";
import { linkParts, standsOn, vertex } from "./index.ts";

test("a linked copy stands on what it is put on, any other step on its first input", () => {
  const origin = { text: "" };
  const base = vertex({ kind: "image", id: `sha256:${"a".repeat(64)}`, name: "base" }, [], origin);
  const nothing = vertex({ kind: "scratch" }, [], origin);
  const copy = vertex({ kind: "copy", sources: [], destination: "/", unpack: false }, [nothing], origin);
  const link = vertex({ kind: "link" }, [copy, base], origin);
  expect(linkParts(link)).toEqual({ copy, below: base });
  expect(linkParts(copy)).toBeUndefined();
  expect([link, copy, base].map((step) => standsOn(step)?.digest)).toEqual([base.digest, nothing.digest, undefined]);
});
