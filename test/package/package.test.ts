import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const project = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-package-"));
const installed = join(folder, "node_modules/slipway");

/** Installs what npm would publish beside its dependencies, in a project of its own. */
beforeAll(() => {
  const packed = execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], {
    cwd: project,
    encoding: "utf8",
  });
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, packed.trim()), "-C", installed, "--strip-components=1"]);
  for (const name of readdirSync(join(project, "node_modules"))) {
    if (!name.startsWith(".")) symlinkSync(join(project, "node_modules", name), join(folder, "node_modules", name));
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = `
import { build, type BuildResult, isSlipwayError } from "slipway";

const types: string[] = [];
try {
  const result: BuildResult = await build({
    context: ".",
    store: "store",
    tags: ["app"],
    signal: new AbortController().signal,
    onEvent: (event) => types.push(event.type),
  });
  console.log(result.size satisfies number, result.facts.steps satisfies number);
} catch (error) {
  if (!isSlipwayError(error)) throw error;
  console.log(error.code satisfies string, types.length);
}
// @ts-expect-error there is no such option
if (types.length > 1000) await build({ contexts: "." });
`;

test("a program in strict TypeScript builds by the published package", () => {
  writeFileSync(join(folder, "use.ts"), program);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        module: "nodenext",
        target: "es2024",
        lib: ["es2024", "esnext.disposable"],
        types: ["node"],
        noEmit: true,
        skipLibCheck: false,
      },
      files: ["use.ts"],
    }),
  );
  execFileSync(join(project, "node_modules/.bin/tsc"), ["-p", folder], { stdio: "pipe" });
  const output = execFileSync(process.execPath, ["use.ts"], { cwd: folder, encoding: "utf8" });
  expect(output).toBe("SLIP_DOCKERFILE_NOT_FOUND 0\n");
}, 60_000);

test("the published command starts", () => {
  const help = execFileSync(join(installed, "bin/slipway"), ["build", "--help"], { cwd: folder, encoding: "utf8" });
  expect(help).toContain("--build-arg");
});
