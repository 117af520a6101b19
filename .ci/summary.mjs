/* oxlint-disable no-console -- what it prints is its result */
// Counts what .ci/run did and ends with the line that CI reads; exits 1 when anything failed. Runs on any Node.
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const folder = process.argv[2];
const read = (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");

const checks = read("checks").split("\n").filter(Boolean);
const passed = checks.filter((line) => line.startsWith("passed "));
const failed = checks.filter((line) => line.startsWith("failed ")).map((line) => line.slice(7));
let passedTests = 0;
let skipped = 0;

const json = read("tests.json");
for (const file of json ? JSON.parse(json).testResults : []) {
  const path = relative(process.cwd(), file.name);
  const before = failed.length;
  for (const test of file.assertionResults) {
    if (test.status === "passed") passedTests += 1;
    else if (test.status === "failed") failed.push(`${path} > ${test.fullName}`);
    else skipped += 1;
  }
  if (file.status === "failed" && failed.length === before) failed.push(`${path}: ${file.message || "did not run"}`);
}
const code = read("tests.code").trim();
if (code === "124" || code === "137") failed.push("npm test: took too long and was stopped");
else if (!json) failed.push("npm test: did not run to its end");
else if (code !== "0" && failed.length === 0) failed.push(`npm test: ended with code ${code}`);

console.log();
for (const name of failed) console.log(`failed: ${name}`);
if (skipped > 0) console.log(`${skipped} skipped, each for the reason in its title`);
console.log(`${passed.length + passedTests} passed, ${failed.length} failed`);
process.exit(failed.length === 0 ? 0 : 1);
