/**
 * `npm run demo`: builds examples/calculator-go in one stage and in several with the command itself, lists, runs and compares the images.
 * The images stay in the store (SLIPWAY_ROOT), so a second demo shows cached builds.
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const example = "examples/calculator-go";
const sums = ["1 + 2", "1 / 0", "two + 2", "exit"];

function slipway(argv: readonly string[], input?: readonly string[]): string {
  const typed = input === undefined ? "" : `printf '%s\\n' ${input.map((line) => `'${line}'`).join(" ")} | `;
  console.log(`\n$ ${typed}slipway ${argv.join(" ")}`);
  const text = input && `${input.join("\n")}\n`;
  const ended = spawnSync(resolve(root, "bin/slipway"), argv, {
    cwd: root,
    encoding: "utf8",
    stdio: text === undefined ? "inherit" : ["pipe", "pipe", "inherit"],
    ...(text === undefined ? {} : { input: text }),
  });
  const output = text === undefined ? "" : ended.stdout;
  process.stdout.write(output);
  if (ended.status !== 0) {
    console.error(`slipway ${argv[0]} ended with code ${ended.status ?? ended.signal}`);
    process.exit(ended.status ?? 1);
  }
  return output;
}

slipway(["build", "-t", "calculator:single", "-f", `${example}/Dockerfile.single`, example]);
slipway(["build", "-t", "calculator:multi", example]);
slipway(["images"]);
for (const image of ["calculator:single", "calculator:multi"]) {
  const output = slipway(["run", "--rm", "-i", image], sums);
  if (!output.includes("Result: 3")) {
    console.error(`${image} did not answer "Result: 3"`);
    process.exit(1);
  }
}
slipway(["compare", "calculator:single", "calculator:multi"]);
