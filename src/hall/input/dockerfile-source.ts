import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SlipwayError } from "../../base/index.ts";

/** What is read from the client before a build is planned. */
export interface FolderInput {
  /** Name for messages, as the user gave it. */
  readonly file: string;
  readonly text: string;
  /** Absolute. */
  readonly context: string;
  /** Lines of the ignore file. */
  readonly ignore: readonly string[];
  /** Where it lies; undefined where there is none. */
  readonly ignoreFile?: string | undefined;
}

/**
 * Reads the Dockerfile and the ignore file of a folder context.
 * @param dockerfile as `-f` gives it: relative to the working folder; without it `Dockerfile` in the context, or else `dockerfile`. Or the text itself.
 * Throws SLIP_CONTEXT and SLIP_DOCKERFILE_NOT_FOUND.
 */
export function readBuildInput(
  context: string,
  dockerfile: string | { readonly file: string; readonly text: string } | undefined,
): FolderInput {
  const folder = resolve(context);
  checkContext(context, folder);
  if (typeof dockerfile === "object") return { ...dockerfile, context: folder, ignore: readIgnore(folder) };
  const path = dockerfile === undefined ? join(folder, "Dockerfile") : resolve(dockerfile);
  const lower = basename(path) === "Dockerfile" ? join(dirname(path), "dockerfile") : undefined;
  const text = readText(path) ?? (lower && readText(lower));
  if (text === undefined) throw noDockerfile(context, folder, dockerfile, path);
  const own = join(dirname(path), `${basename(path)}.dockerignore`);
  const usual = join(folder, ".dockerignore");
  const ownText = readText(own);
  const ignoreText = ownText ?? readText(usual);
  const ignore = (ignoreText ?? "").split(/\r?\n/);
  return {
    file: dockerfile ?? "Dockerfile",
    text,
    context: folder,
    ignore: ignore.some((line) => line.trim() !== "") ? ignore : [],
    ignoreFile: ignoreText === undefined ? undefined : ownText === undefined ? usual : own,
  };
}

/** The text of a Dockerfile that is there. Throws SLIP_DOCKERFILE_NOT_FOUND. */
export function readDockerfile(path: string): string {
  const text = readText(path);
  if (text !== undefined) return text;
  throw new SlipwayError({ code: "SLIP_DOCKERFILE_NOT_FOUND", message: `No Dockerfile at ${path}` });
}

/** Lines of the ignore file of a named context's folder. */
export function readIgnore(folder: string): readonly string[] {
  const lines = (readText(join(folder, ".dockerignore")) ?? "").split(/\r?\n/);
  return lines.some((line) => line.trim() !== "") ? lines : [];
}

function checkContext(given: string, folder: string): void {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return;
  throw new SlipwayError({
    code: "SLIP_CONTEXT",
    message: `The build context ${JSON.stringify(given)} is ${stat ? "not a folder" : "not there"}`,
    hint: "give the folder that holds the files to copy, `.` for this one, an address, or - for standard input",
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    const message = `Cannot read ${path}: ${(error as Error).message}`;
    throw new SlipwayError({ code: "SLIP_DOCKERFILE_NOT_FOUND", message, cause: error });
  }
}

function noDockerfile(context: string, folder: string, given: string | undefined, path: string): SlipwayError {
  const inContext = given !== undefined && readText(join(folder, given)) !== undefined;
  const containerfile = readText(join(folder, "Containerfile")) !== undefined;
  const hint = inContext
    ? `-f is relative to the working folder: use -f ${join(context, given)}`
    : containerfile
      ? `there is a Containerfile: use -f ${join(context, "Containerfile")}`
      : "name it with -f, or give the folder that holds it";
  return new SlipwayError({ code: "SLIP_DOCKERFILE_NOT_FOUND", message: `No Dockerfile at ${path}`, hint });
}
