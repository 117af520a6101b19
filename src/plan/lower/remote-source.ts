import { posix } from "node:path";
import { isDigest, SlipwayError, type SourceLocation } from "../../base/index.ts";
import type { AddInstruction, CopyInstruction } from "../../dockerfile/index.ts";
import { type GitSource, parseGitSource, withoutPassword } from "../../fetch/index.ts";
import { type Vertex, vertex } from "../../graph/index.ts";
import { wrong } from "../refuse.ts";
import type { Surroundings } from "./surroundings.ts";

/** A source of ADD that lies elsewhere: what brings it, and what is copied of that. */
export interface RemoteSource {
  readonly vertex: Vertex;
  /** A path in what the vertex gives, and no pattern. */
  readonly path: string;
  readonly unpack: boolean;
}

type Fetched = Surroundings["fetched"];

/**
 * Dockerfile reference, "ADD": files from a URL, files from a Git repository. Undefined for a path.
 * @param path as it is after its variables were put in.
 * @param checksum the value of --checksum.
 */
export function remoteSource(
  path: string,
  instruction: AddInstruction | CopyInstruction,
  checksum: string | undefined,
  location: SourceLocation,
  fetched: Fetched,
): RemoteSource | undefined {
  const git = gitSource(path, location);
  const http = git === undefined && /^https?:\/\//.test(path);
  if (git === undefined && !http) {
    if (checksum === undefined) return undefined;
    throw wrong(`--checksum is for addresses, and ${JSON.stringify(path)} is a local path`, location);
  }
  const what = git ? "a git repository" : "an address";
  if (instruction.kind === "copy") throw wrong(`COPY cannot take ${what}: ${shown(path)}`, location, "use ADD");
  if (checksum !== undefined && instruction.sources.length > 1) {
    throw wrong("--checksum is for a single source", location, "write one ADD for each");
  }
  return git
    ? fromGit(path, git, instruction, checksum, location, fetched)
    : fromHttp(path, instruction, checksum, location, fetched);
}

function gitSource(path: string, location: SourceLocation): GitSource | undefined {
  try {
    return parseGitSource(path);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    throw wrong(error.message, location, error.hint);
  }
}

function fromGit(
  path: string,
  source: GitSource,
  { keepGitDir }: AddInstruction,
  checksum: string | undefined,
  location: SourceLocation,
  fetched: Fetched,
): RemoteSource {
  if (keepGitDir !== undefined && source.keepGitDir !== undefined && keepGitDir !== source.keepGitDir) {
    throw wrong("--keep-git-dir says another thing than keep-git-dir in the address", location);
  }
  if (checksum !== undefined && !/^[a-fA-F0-9]{1,64}$/.test(checksum)) {
    throw wrong(
      `--checksum=${checksum} is no commit id`,
      location,
      "for a git repository give a commit's first hexadecimal digits, or all",
    );
  }
  if (checksum !== undefined && source.checksum !== undefined && checksum !== source.checksum) {
    throw wrong(`--checksum=${checksum} says another thing than the address: ${source.checksum}`, location);
  }
  const op = {
    kind: "git",
    source: { ...source, checksum: checksum ?? source.checksum },
    keepGitDir: keepGitDir ?? source.keepGitDir ?? false,
  } as const;
  const origin = { text: `fetch ${shown(path)}`, location };
  return { vertex: vertex(fetched(op, location), [], origin), path: ".", unpack: false };
}

function fromHttp(
  url: string,
  { unpack = false }: AddInstruction,
  checksum: string | undefined,
  location: SourceLocation,
  fetched: Fetched,
): RemoteSource {
  if (!URL.canParse(url)) throw wrong(`${JSON.stringify(url)} is no address`, location);
  if (checksum !== undefined && !isDigest(checksum)) {
    throw wrong(`--checksum=${checksum} is no digest of a file`, location, "write sha256: and 64 hexadecimal digits");
  }
  const name = fileName(url);
  const origin = { text: `fetch ${shown(url)}`, location };
  const op = fetched({ kind: "http", url, checksum, name }, location);
  return { vertex: vertex(op, [], origin), path: name, unpack };
}

/** The last part of the address's path, as BuildKit names the file. */
function fileName(url: string): string {
  let path = new URL(url).pathname;
  try {
    path = decodeURIComponent(path);
  } catch {
    // it is no encoding then, and stands for itself
  }
  const name = posix.basename(path);
  if (name === "") return "__unnamed__";
  return name === "." || name === ".." || /\p{Cc}/u.test(name) ? "download" : name;
}

function shown(address: string): string {
  return URL.canParse(address) ? withoutPassword(address) : address;
}
