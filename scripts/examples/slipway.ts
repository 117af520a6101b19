import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { join, resolve } from "node:path";

export const repository = resolve(import.meta.dirname, "../..");

/**
 * Runs the command in the repository's folder and gives what it prints on standard output; its progress goes to ours.
 * @param resolver a file that the command, and it alone, finds as the machine's /etc/resolv.conf. Takes root.
 * @throws Error with the command line when it does not end with code 0.
 */
export async function slipway(argv: readonly string[], input = "", resolver?: string): Promise<string> {
  console.error(`\n$ slipway ${argv.join(" ")}`);
  const program = join(repository, "bin/slipway");
  const bound = ["--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', resolver ?? "", program];
  const [file, args] = resolver === undefined ? [program, argv] : ["unshare", [...bound, ...argv]];
  const child = spawn(file, args, {
    cwd: repository,
    stdio: ["pipe", "pipe", "inherit"],
  });
  // A program that ends before it has read everything is no error of ours.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const ended = new Promise<string>((fulfil, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => fulfil(String(code ?? signal)));
  });
  const [output, code] = await Promise.all([text(child.stdout), ended]);
  if (code !== "0") throw new Error(`slipway ${argv.join(" ")} ended with ${code}:\n${output}`);
  return output;
}
