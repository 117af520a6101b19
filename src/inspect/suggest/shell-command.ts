/** Words that begin a line without being what is started in the end. */
const passing =
  /^(?:set|cd|export|umask|ulimit|trap|source|\.|echo|printf|mkdir|chown|chmod|if|then|else|elif|fi|for|while|do|done|case|esac|test|\[|\[\[|true|false|:|return|exit|local|readonly|unset|shift|eval|sleep|wait)$/;

/**
 * What a shell's text starts in the end: what the last line with `exec` names, or else the last command.
 * @param given what `"$@"` stands for.
 * @returns undefined where only a shell could tell.
 */
export function shellCommand(text: string, given: readonly string[]): readonly string[] | undefined {
  const lines = text
    .replaceAll(/\\\n/g, " ")
    .split(/\n|;|&&|\|\|/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const last =
    lines.findLast((line) => /^exec\s+[^<>&\d]/.test(line)) ??
    lines.findLast((line) => !passing.test(line.split(/\s/, 1)[0] ?? ""));
  if (last === undefined) return undefined;
  const words = wordsOf(last.replace(/^exec\s+(?:-a\s+\S+\s+)?/, ""), given);
  while (words[0] !== undefined && /^[A-Za-z_]\w*=/.test(words[0])) words.shift();
  const [first] = words;
  return first === undefined || /[$`(){}*?]/.test(first) ? undefined : words;
}

/** Words of a simple command: quotes are taken off, `"$@"` is what was given, and a redirection ends it. */
function wordsOf(line: string, given: readonly string[]): string[] {
  const words: string[] = [];
  for (const [whole, double, single, plain] of line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']+)/g)) {
    if (/^(?:\d?[<>]|[|&])/.test(whole)) break;
    const word = double ?? single ?? plain ?? "";
    if (/^\$(?:@|\*|\{@\}|\{\*\})$/.test(word)) words.push(...given);
    else words.push(word);
  }
  return words;
}
