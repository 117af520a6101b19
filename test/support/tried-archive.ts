// An archive of one package that is there to be broken, and what may come of using it.
import { expect } from "vitest";
import { SlipwayError } from "../../src/base/index.ts";
import { openArchive } from "../../src/debian/archive.ts";
import type { OpenArchiveOptions } from "../../src/debian/contract.ts";
import { FakeArchive, options } from "./fake-archive.ts";

export const greet = { name: "libgreet", version: "1.0" };
export const release = "dists/bookworm/InRelease";
export type Opened = ReturnType<typeof options>;

export async function published(): Promise<{ readonly archive: FakeArchive; readonly opened: Opened }> {
  const archive = await FakeArchive.start();
  await archive.publishAll([greet]);
  return { archive, opened: options(archive) };
}

/** Resolves its package and brings it. */
export async function use(opened: OpenArchiveOptions): Promise<void> {
  const debian = await openArchive(opened);
  await debian.fetch(debian.resolve(["libgreet"]));
}

/** The error, which has a remedy. */
export async function failure(action: Promise<unknown>): Promise<SlipwayError> {
  const error: unknown = await action.then(
    () => new Error("it went well"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SlipwayError);
  const { message, hint } = error as SlipwayError;
  expect(message).not.toMatch(/\.$/);
  expect(hint).toBeTruthy();
  return error as SlipwayError;
}
