import type { CopyInstruction, SourceArgument } from "../ast.ts";
import type { FlagKind, FlagReader } from "../flags.ts";
import { asWord, type InstructionParser, type InstructionSource } from "../instruction-source.ts";
import { flagWord } from "../flags.ts";

const shared: Readonly<Record<string, FlagKind>> = { chown: "text", chmod: "text", link: "bool", exclude: "texts" };

/** Section "COPY". */
export const parseCopy: InstructionParser<"copy"> = (source) => {
  const flags = source.flags({ from: "text", ...shared, parents: "bool" });
  return { ...fileCopy(source, flags), from: flags.word("from") };
};

/** Section "ADD". */
export const parseAdd: InstructionParser<"add"> = (source) => {
  const flags = source.flags({ ...shared, checksum: "text", "keep-git-dir": "bool", unpack: "bool" });
  return {
    ...fileCopy(source, flags),
    checksum: flags.word("checksum"),
    keepGitDir: flags.bool("keep-git-dir"),
    unpack: flags.bool("unpack"),
  };
};

type FileCopy = Pick<CopyInstruction, "sources" | "destination" | "chown" | "chmod" | "link" | "parents" | "excludes">;

function fileCopy(source: InstructionSource, flags: FlagReader): FileCopy {
  const words = sourceArguments(source);
  const last = words.at(-1);
  if (last === undefined || words.length < 2) {
    const message = `${source.name} requires at least two arguments`;
    const only = last === undefined ? message : `${message}, but only one was provided: the destination is missing`;
    throw source.fault(only, `write ${source.name} SOURCE... DESTINATION`);
  }
  if (last.type === "heredoc") {
    const hint = `write ${source.name} <<${last.heredoc.name} DESTINATION`;
    throw source.fault(`${source.name} cannot accept a heredoc as a destination`, hint, last.heredoc.span);
  }
  return {
    sources: words.slice(0, -1),
    destination: last.path,
    chown: flags.word("chown"),
    chmod: flags.word("chmod"),
    link: flags.bool("link") ?? false,
    parents: flags.bool("parents") ?? false,
    excludes: flags.all("exclude").map(flagWord),
  };
}

function sourceArguments(source: InstructionSource): readonly SourceArgument[] {
  const list = source.jsonList();
  if (list !== undefined) return list.map((token) => ({ type: "path", path: asWord(token) }));
  const { heredocs, args } = source;
  const found: SourceArgument[] = [];
  let next = 0;
  for (const word of args.blankSeparated()) {
    const mark = heredocs[next];
    // A quoted heredoc name may hold blanks: then several words belong to one heredoc.
    if (mark !== undefined && word.start >= mark.start && word.start < mark.end) {
      if (word.start === mark.start) found.push({ type: "heredoc", heredoc: mark.heredoc });
      if (word.end >= mark.end) next++;
    } else found.push({ type: "path", path: word.word() });
  }
  return found;
}
