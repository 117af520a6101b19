import type { ImageConfig } from "../../oci/index.ts";
import { InRoot } from "../in-root.ts";
import { checkAccounts } from "./accounts.ts";
import { checkCertificates } from "./certificates.ts";
import { checkCommand } from "./command.ts";
import type { StartSpec } from "./program.ts";
import type { ResultFinding } from "./rules.ts";
import { checkTools } from "./left-tools.ts";

/**
 * Looks at an image as a container would begin from it: can its program start, as that user, and was anything left in it that was needed
 * to build it only. Synchronous; reads what starting reads, lists the folders of programs, and walks nothing.
 * @param folder the image's files, mounted. Their content is hostile: no link leads out, and what is read is bounded.
 */
export function checkResult(folder: string, image: ImageConfig): readonly ResultFinding[] {
  const root = new InRoot(folder);
  const start = startSpec(image);
  const accounts = checkAccounts(root, bytes(image.config?.User ?? ""));
  const command = checkCommand(root, start, accounts.user, image.architecture);
  return [
    ...command.findings,
    ...accounts.findings,
    ...checkCertificates(root, start, command.programs),
    ...checkTools(root, start),
  ];
}

function startSpec({ config = {} }: ImageConfig): StartSpec {
  const env = (config.Env ?? []).map((text): [string, string] => {
    const at = text.indexOf("=");
    return at < 0 ? [bytes(text), ""] : [bytes(text.slice(0, at)), bytes(text.slice(at + 1))];
  });
  return {
    args: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].map(bytes),
    env: new Map(env),
    cwd: bytes(config.WorkingDir || "/"),
    volumes: Object.keys(config.Volumes ?? {}).map(bytes),
  };
}

/** Text as InRoot has paths: one character a byte. */
function bytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}
