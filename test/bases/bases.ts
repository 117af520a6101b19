import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { whyNoNamespace } from "../support/in-namespace.ts";
import { type Ended, keptEnvironment, program, startGroup } from "../e2e/support/slipway.ts";

/** A folder for the store: what is in it is made once, so that a second time is short. */
const store = process.env["SLIPWAY_TEST_RUNTIMES"];

/** For `describe.skipIf`: why the bases are not tried here, or undefined. */
export const whyNoBases: string | undefined =
  store === undefined ? "gigabytes of bases are made: npm run runtimes" : whyNoNamespace;
/** For the titles of what is skipped. */
export const because: string = whyNoBases === undefined ? "" : ` (skipped: ${whyNoBases})`;

/** The programs that are run inside, as /programs. */
export const programs: string = fileURLToPath(new URL("programs", import.meta.url));

/** The store of the bases. */
export function storeFolder(): string {
  return join(store ?? "", "store");
}

/** Runs the command with the store of the bases. */
export function slipway(...args: readonly string[]): Promise<Ended> {
  mkdirSync(store ?? "", { recursive: true });
  const env = { ...keptEnvironment("HOME"), SLIPWAY_ROOT: storeFolder() };
  return startGroup([program, ...args], { cwd: undefined, env, patience: 280_000 }).ended;
}

/** Makes a base (`python3-debian13`) unless it is there. Throws when that fails. */
export async function makeBase(title: string, variant = "", arch = "amd64"): Promise<string> {
  const [, name = "", number] = /^(.+)-debian(\d+)$/.exec(title) ?? [];
  const reference = `gcr.io/distroless/${title}:${variant || "latest"}`;
  const known = await slipway("inspect", `--platform=linux/${arch}`, reference);
  if (known.code === 0) return reference;
  const suite = number === "12" ? "bookworm" : "trixie";
  const options = ["-q", "--suite", suite, "--arch", arch, ...(variant === "" ? [] : ["--variant", variant])];
  const made = await slipway("base", "build", name, ...options);
  if (made.code !== 0) throw new Error(`${title} cannot be made: ${made.stderr}`);
  return reference;
}

/** Runs a program of a base with /programs at hand; gives what it prints. Throws when it fails. */
export async function run(image: string, options: readonly string[], ...words: readonly string[]): Promise<string> {
  const volume = `--volume=${programs}:/programs:ro`;
  const { code, stdout, stderr } = await slipway("run", "--rm", "--pull=never", volume, ...options, image, ...words);
  if (code !== 0) throw new Error(`${image} ${words.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}
