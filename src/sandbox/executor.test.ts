import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dropUser, inSandbox, makeUser, obstacle, type User, type Who } from "../../test/support/in-sandbox.ts";
import { crunTree, program, runtimeFolder, type TestRuntime } from "../../test/support/runtimes.ts";
import { cases } from "./executor.cases.ts";

const folder = runtimeFolder();
const runtimes: Readonly<Record<string, TestRuntime | undefined>> = {
  "crun out of Debian packages": crunTree(folder),
  "crun on PATH": program("crun", folder),
  runc: program("runc", folder),
};
const whos: readonly Who[] = ["root", "many-ids", "one-id"];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(whos)("Executor for a user of kind %s", (who) => {
  const why = obstacle(who);
  let user: User | undefined;
  beforeAll(() => {
    if (!why) user = makeUser(who);
  });
  afterAll(() => {
    if (user) dropUser(user);
  });

  describe.each(Object.entries(runtimes))("%s", (_, runtime) => {
    const reason = why ?? (runtime ? undefined : "it is not on this machine, and apt does not bring it");
    describe.skipIf(reason)(reason ?? "keeps the contract", () => {
      let results: Record<string, string | null> = {};
      beforeAll(async () => {
        const answer = await inSandbox(user as User, "src/sandbox/executor.cases.ts", "runCases", runtime);
        results = answer as typeof results;
      });

      test.each(Object.keys(cases))("%s", (name) => {
        expect(results[name]).toBeNull();
      });
    });
  });
});
