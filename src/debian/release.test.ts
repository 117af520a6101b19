import { readFileSync } from "node:fs";
import * as openpgp from "openpgp";
import { expect, test } from "vitest";
import { packageFile } from "../base/index.ts";

test("the shipped keys are those that their README lists, public and not expired", async () => {
  const keys = await openpgp.readKeys({ binaryKeys: readFileSync(packageFile("keyrings/debian-archive.pgp")) });
  const listed = readFileSync(packageFile("keyrings/README.md"), "utf8").matchAll(/^\| ([0-9A-F]{40}) \|/gm);
  expect(keys.map((key) => key.getFingerprint().toUpperCase())).toEqual([...listed].map((match) => match[1]));
  for (const key of keys) {
    expect(key.isPrivate()).toBe(false);
    expect(Number(await key.getExpirationTime())).toBeGreaterThan(Date.UTC(2030, 0));
  }
});
