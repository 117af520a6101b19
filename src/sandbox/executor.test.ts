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
  const results: Record<string, Record<string, string | null>> = {};
  let user: User | undefined;
  beforeAll(async () => {
    if (why) return;
    user = makeUser(who);
    // side by side, each in namespaces of its own
    const all = Object.entries(runtimes).map(async ([name, runtime]) => {
      if (!runtime) return;
      const answer = await inSandbox(user as User, "src/sandbox/executor-run.cases.ts", "runCases", runtime);
      results[name] = answer as Record<string, string | null>;
    });
    await Promise.all(all);
  });
  afterAll(() => {
    if (user) dropUser(user);
  });

  describe.each(Object.entries(runtimes))("%s", (name, runtime) => {
    const reason = why ?? (runtime ? undefined : "it is not on this machine, and apt does not bring it");
    describe.skipIf(reason)(reason ?? "keeps the contract", () => {
      test.each(Object.keys(cases))("%s", (title) => {
        expect(results[name]?.[title]).toBeNull();
      });
    });
  });
});
