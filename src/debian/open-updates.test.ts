import { expect, test } from "vitest";
import { openArchive } from "./archive.ts";
import { FakeArchive, options, times } from "../../test/support/fake-archive.ts";

const greet = { name: "libgreet", version: "1" };

async function suites(opened: ReturnType<typeof options>): Promise<readonly string[]> {
  return (await openArchive(opened)).releases.map(({ suite }) => suite);
}

test("an archive with keys of its own may have no updates; a warning says so", async () => {
  const archive = await FakeArchive.start();
  await archive.publish("bookworm", { packages: [greet] });
  const opened = options(archive, { securityMirror: "none" });
  expect(await suites(opened)).toEqual(["bookworm"]);
  expect(opened.events).toContainEqual(
    expect.objectContaining({ type: "warning", message: expect.stringContaining("has no bookworm-updates") as string }),
  );
  expect(await suites({ ...opened, offline: true })).toEqual(["bookworm"]);

  await archive.publish("bookworm-updates", { packages: [{ ...greet, version: "2" }] });
  expect((await openArchive(opened)).select(() => true).map(({ version }) => version)).toEqual(["2"]);
});

test("updates that were there before, are refused or cannot be reached are an error", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  const seen = options(archive);
  await openArchive(seen);
  archive.files.delete("dists/bookworm-updates/InRelease");
  await expect(openArchive(seen)).rejects.toMatchObject({ code: "SLIP_NETWORK" });

  archive.faults.set(
    "dists/bookworm-updates/InRelease",
    times(9, (response) => response.writeHead(403).end()),
  );
  await expect(openArchive(options(archive))).rejects.toMatchObject({ code: "SLIP_NETWORK" });
});
