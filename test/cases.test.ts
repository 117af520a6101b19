import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Case, chosenCases } from "./conformance/case.ts";
import { serveCase } from "./conformance/case-server.ts";
import { layCase, prepare } from "./conformance/lay-case.ts";
import type { Base, Outcome } from "./conformance/outcome.ts";
import { golden, readBase, runBefore, runCase } from "./conformance/run-case.ts";
import { because, openLab, whyNoLab } from "./e2e/support/lab.ts";

// What the cases are and how to add one: test/cases/README.md. CASES=TEXT,TEXT in the environment runs those whose names have one of the texts.
const cases = chosenCases();
const root = process.getuid?.() === 0;
const whyNot = ({ needs }: Case): string => (needs?.includes("root") === true && !root ? " (skipped: needs root)" : "");

// Each case runs the command itself in a process of its own; several at once keep the processors busy.
describe.skipIf(whyNoLab).concurrent(`a case builds what its folder says${because}`, { timeout: 120_000 }, () => {
  const lab = openLab();
  let base: Base;
  // A store that nobody builds in meanwhile.
  const pristine = (): string => join(lab.folder, "store-pristine");

  beforeAll(async () => {
    base = await readBase(lab);
    execFileSync("cp", ["-a", lab.store, pristine()]);
  });

  for (const written of cases) {
    test.skipIf(whyNot(written) !== "")(`${written.name}: ${written.about}${whyNot(written)}`, async () => {
      const folder = join(lab.folder, "cases", written.name);
      using served = await serveCase(written, folder);
      const one = served.given;
      await layCase(one, folder);
      // What one case has in its cache must not be a hit of another that is about hits.
      const store = one.then === undefined ? lab.store : join(lab.folder, `store-${one.name.replace("/", "-")}`);
      if (store !== lab.store) execFileSync("cp", ["-a", pristine(), store]);
      const around = { lab, store, base };
      await runBefore(one, folder, lab, store);
      expectOutcome(one, await runCase(one, folder, around));
      for (const again of one.then ?? []) {
        if (again.prepare !== undefined) await prepare(again.prepare, folder);
        const { failure, steps } = await runCase(one, folder, around, again);
        const { cached = [], ran = [] } = again;
        const wanted = Object.fromEntries([
          ...cached.map((part) => [part, "cached"]),
          ...ran.map((part) => [part, "ran"]),
        ]);
        const found = Object.fromEntries(Object.keys(wanted).map((part) => [part, did(steps, part)]));
        expect({ failure, ...found }).toEqual({ failure: undefined, ...wanted });
      }
    });
  }
});

function expectOutcome(one: Case, { failure, warnings, tree, config }: Outcome): void {
  const { fails, warns = [] } = one;
  if (fails === undefined) expect({ failure }).toEqual({ failure: undefined });
  else {
    expect(failure).toMatchObject({ code: fails.code, ...(fails.line === undefined ? {} : { line: fails.line }) });
    expect(failure?.text).toContain(fails.says ?? "");
  }
  const told = warnings.map((text, at) => (warns[at] !== undefined && text.includes(warns[at]) ? warns[at] : text));
  expect({ warnings: told }).toEqual({ warnings: warns });
  expect({ tree }).toEqual({ tree: golden(one, "tree", tree) });
  expect({ config }).toEqual({ config: golden(one, "config", config) });
}

/** What the one step did whose text has the part. */
function did(steps: Outcome["steps"], part: string): string | undefined {
  const found = Object.keys(steps).filter((text) => text.includes(part));
  if (found.length !== 1)
    throw new Error(`${found.length} steps have ${JSON.stringify(part)}: ${Object.keys(steps).join(" | ")}`);
  return steps[found[0]!];
}
