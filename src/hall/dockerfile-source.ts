import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SlipwayError } from "../base/index.ts";

/** What is read from the client before a build is planned. */
export interface BuildInput {
  /** Name for messages, as the user gave it. */
  readonly file: string;
  readonly text: string;
  /** Absolute. */
  readonly context: string;
  /** Lines of the ignore file. */
  readonly ignore: readonly string[];
}

/**
 * Reads the Dockerfile and the ignore file of a folder context.
 * @param dockerfile as `-f` gives it: relative to the working folder; without it `Dockerfile` in the context.
 * Throws SLIP_CONTEXT and SLIP_DOCKERFILE_NOT_FOUND.
 */
export function readBuildInput(context: string, dockerfile: string | undefined): BuildInput {
  const folder = resolve(context);
  checkContext(context, folder);
  const path = dockerfile === undefined ? join(folder, "Dockerfile") : resolve(dockerfile);
  const text = readText(path);
  if (text === undefined) throw noDockerfile(context, folder, dockerfile, path);
  const own = join(dirname(path), `${basename(path)}.dockerignore`);
  const ignore = (readText(own) ?? readText(join(folder, ".dockerignore")) ?? "").split(/\r?\n/);
  return {
    file: dockerfile ?? "Dockerfile",
    text,
    context: folder,
    ignore: ignore.some((line) => line.trim() !== "") ? ignore : [],
  };
}

/** Lines of the ignore file of a named context's folder. */
export function readIgnore(folder: string): readonly string[] {
  const lines = (readText(join(folder, ".dockerignore")) ?? "").split(/\r?\n/);
  return lines.some((line) => line.trim() !== "") ? lines : [];
}

function checkContext(given: string, folder: string): void {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return;
  if (!stat && /^(https?|git|ssh):\/\/|^git@|^github\.com\/|^-$/.test(given)) {
    const message = `A build context of ${JSON.stringify(given)} is not supported yet`;
    throw new SlipwayError({ code: "SLIP_UNSUPPORTED", message, hint: "give a folder" });
  }
  throw new SlipwayError({
    code: "SLIP_CONTEXT",
    message: `The build context ${JSON.stringify(given)} is ${stat ? "not a folder" : "not there"}`,
    hint: "give the folder that holds the files to copy, `.` for this one",
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
