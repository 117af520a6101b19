import { expect, test } from "vitest";
import { addImage, addLayer, tempStore } from "../../../test/support/store-lab.ts";
import { defaultPlatform } from "../../oci/index.ts";
import { fromStore, originKey, storedBase } from "./stored-base.ts";

test("a base of the store says what it was made from, without the mirror of that day", () => {
  const store = tempStore();
  const own = defaultPlatform();
  const layer = addLayer(store, undefined);
  const built = addImage(store, [layer], "built");
  const made = addImage(store, [layer], "made", false);
  store.images.tag("app", built.id);
  store.images.tag("debian:bookworm", made.id);
  const origin = "archive http://deb.example/debian bookworm 12.15 2026-11-20";
  store.facts.set(originKey(made.id), origin, made.id);
  expect(storedBase(store, "app", own)).toMatchObject({ id: built.id, origin: "store" });
  expect(storedBase(store, "debian:bookworm", own)).toMatchObject({
    origin: "store (archive bookworm 12.15 2026-11-20)",
  });
  expect(storedBase(store, "debian:trixie", own)).toBeUndefined();
  expect(["store", "store (archive bookworm)", origin].map(fromStore)).toEqual([true, true, false]);
});
