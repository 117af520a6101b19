import { expect, test } from "vitest";
import { FakeArchive, options } from "../../test/support/fake-archive.ts";
import { currentPackages } from "./index.ts";

test("what a base would be made of follows the archive, however shortly before it was asked", async () => {
  const archive = await FakeArchive.start();
  const publish = (version: string) =>
    archive.publishAll([
      { name: "apt", version: "1" },
      { name: "libc6", version, fields: { Priority: "required" } },
      { name: "editor", version },
    ]);
  await publish("1.0");
  const { cache, ctx, ...rest } = options(archive, { maxAge: 3_600_000 });
  const base = { suite: "bookworm", slim: true, pinned: false };
  const names = async (): Promise<readonly string[]> =>
    (await currentPackages({ kind: "debian", ...base }, rest, { cache, ctx })).packages.map(
      ({ name, version }) => `${name} ${version}`,
    );
  expect(await names()).toEqual(["apt 1", "libc6 1.0"]);
  await publish("1.1");
  expect(await names()).toEqual(["apt 1", "libc6 1.1"]);
});
