import { checkRules } from "../../src/dockerfile/checks/rules.ts";

/**
 * The parts of the Dockerfile reference (frontend 1.26, docs.docker.com/reference/dockerfile) and of what a build is given, each
 * with the cases that are about it: names, where `*` stands for anything. docs/conformance.md is made from this.
 */
export interface Part {
  readonly what: string;
  readonly cases: readonly string[];
  /** Also the cases with a warning of this rule. */
  readonly rule?: string | undefined;
}

export interface Chapter {
  readonly title: string;
  readonly parts: readonly Part[];
}

export const reference: readonly Chapter[] = [
  chapter("Format", {
    "comments, white space, case of instructions": [
      "file/comment*",
      "file/*white-space*",
      "file/any-case",
      "from/lower-case",
    ],
    "continued lines": ["file/*continuation*", "file/blank-behind*", "file/continued*"],
    "encoding and line ends": ["file/crlf", "file/byte-order*", "file/unicode", "file/no-line-feed*", "file/long-line"],
    "what is no Dockerfile": ["file/empty", "file/unknown*", "file/instruction-without*"],
    "name and place of the Dockerfile": ["file/named*", "file/in-context", "file/missing", "file/symlinked"],
  }),
  chapter("Parser directives", {
    "`syntax`": ["file/directive-syntax"],
    "`escape`": ["file/escape*", "expansion/escape-backtick"],
    "`check`": ["file/directive-check*"],
    "where and how directives stand": [
      "file/directive-spelling",
      "file/directive-after*",
      "file/directive-twice",
      "file/directive-unknown",
    ],
  }),
  chapter("Environment replacement", {
    "`$name`, `${name}`": [
      "expansion/plain",
      "expansion/*unset-is*",
      "expansion/dollar*",
      "expansion/special*",
      "expansion/case*",
    ],
    "`${name:-word}`, `${name-word}`": ["expansion/default*"],
    "`${name:+word}`, `${name+word}`": ["expansion/alternative*"],
    "`${name:?word}`, `${name?word}`": ["expansion/error*"],
    "`${name#pattern}`, `${name##pattern}`": ["expansion/prefix*"],
    "`${name%pattern}`, `${name%%pattern}`": ["expansion/suffix*"],
    "`${name/pattern/word}`, `${name//pattern/word}`": ["expansion/replace*"],
    patterns: ["expansion/pattern*"],
    "modifiers in words of modifiers": ["expansion/nested", "expansion/word*"],
    "quotes and escapes": ["expansion/*quotes", "expansion/backslash*", "expansion/escaped*"],
    "values with blanks, dollar signs and quotes": ["expansion/value*", "expansion/no-second*"],
    "what is wrong in a word": ["expansion/unknown*", "expansion/open*", "expansion/empty*", "expansion/bad*"],
    "where variables are replaced": ["variables/where*", "variables/run-expands*"],
  }),
  chapter(".dockerignore", { "the ignore file": ["ignore/*"] }),
  chapter("Shell and exec form", {
    "exec form": ["run/exec*", "run/empty-array", "cmd/exec*", "entrypoint/exec*", "shell/exec*"],
    "shell form": ["run/shell*", "run/multi-line", "cmd/shell*", "entrypoint/shell*", "run/*is-shell", "cmd/single*"],
  }),
  chapter("FROM", {
    "image, tag, digest": [
      "from/scratch*",
      "from/name*",
      "from/*image*",
      "from/bad*",
      "from/none",
      "from/two*",
      "from/without*",
    ],
    "`--platform`": ["from/platform*", "platform/*"],
    "`AS name`": ["from/stage*", "from/as*", "from/onto*"],
    "ARG and FROM": ["from/arg*", "from/instruction*", "from/only*"],
    "unknown flags": ["from/unknown-flag"],
  }),
  chapter("RUN", {
    commands: [
      "run/*fails*",
      "run/not-found",
      "run/without*",
      "run/environment*",
      "run/working*",
      "run/user",
      "run/cwd*",
      "run/hostname",
      "run/flag*",
    ],
    "what a step leaves": [
      "run/changes*",
      "run/delet*",
      "run/folder*",
      "run/link*",
      "run/modes",
      "run/owners",
      "run/umask",
      "run/nothing*",
      "run/mount-points",
      "run/resolv*",
    ],
    "`--device`": ["run/device*", "run-*/device*"],
    "`--mount=type=bind`": ["run/bind*", "run-bind/*"],
    "`--mount=type=cache`": ["run/cache*", "run-cache/*", "cache-control/*mount*"],
    "`--mount=type=tmpfs`": ["run/tmpfs*", "run-tmpfs/*"],
    "`--mount=type=secret`": ["run/secret*", "run-secret/*"],
    "`--mount=type=ssh`": ["run/ssh*", "run-ssh/*"],
    "`--mount`, what is wrong": ["run/mount-*", "run/unknown-flag", "run/variable*"],
    "`--network`": ["run/network*", "run-network/*"],
    "`--security`": ["run/security*", "run-security/*"],
    "limits, hosts and names of a build's steps (`--ulimit`, `--shm-size`, `--add-host`, `--cgroup-parent`)": [
      "run-limits/*",
      "run-hosts/*",
      "run-env/*",
    ],
  }),
  chapter("CMD", { "both forms, several, none": ["cmd/*"] }),
  chapter("LABEL", { "keys and values": ["label/*"] }),
  chapter("MAINTAINER", { "the author": ["maintainer/*"] }),
  chapter("EXPOSE", { "ports, ranges, protocols": ["expose/*"] }),
  chapter("ENV", { "both forms, quotes, PATH": ["variables/env*"] }),
  chapter("ADD", {
    "files of the context": ["add/file", "add/not-found", "add/unknown*"],
    "local archives": ["add/tar*", "add/gz*", "add/name*", "add/unpack-variants"],
    "files from a URL": ["add-http/*", "add/http*"],
    "git repositories": ["add-git/*", "add/git*"],
    "`--keep-git-dir`": ["*/keep-git-dir*"],
    "`--checksum`": ["*/*checksum*"],
    "`--unpack`": ["add/unpack-false", "*/unpack*"],
  }),
  chapter("COPY", {
    sources: [
      "copy/*source*",
      "copy/context*",
      "copy/leading*",
      "copy/parent*",
      "copy/*not-found",
      "copy/slash*",
      "copy/one-word",
      "copy/array*",
      "copy/escaped*",
      "copy/several*",
    ],
    patterns: ["copy-patterns/*"],
    destinations: ["copy/file*", "copy/folder*", "copy/below*"],
    "symbolic links": ["copy-symlinks/*"],
    "what is kept of a file": [
      "copy/modes",
      "copy/owner*",
      "copy/times",
      "copy/xattrs",
      "copy/hard*",
      "copy/fifo",
      "copy/big*",
      "copy/many*",
      "copy/long*",
      "copy/odd*",
      "copy/dockerfile*",
      "copy-rules/*",
    ],
    "`--from`": ["copy/from*"],
    "`--chmod`": ["copy/chmod*", "copy-chmod/*"],
    "`--chown`": ["copy/chown*", "copy-rules/owner*"],
    "`--link`": ["copy/link*", "copy-link/*"],
    "`--parents`": ["copy-parents/*"],
    "`--exclude`": ["copy-exclude/*"],
    "flags, what is wrong": ["copy/unknown*", "copy/flag*"],
    "the cache": ["copy/unchanged*", "copy/run-after*"],
  }),
  chapter("ENTRYPOINT", { "both forms, with CMD": ["entrypoint/*"] }),
  chapter("VOLUME", { paths: ["volume/*"] }),
  chapter("USER", { "names and numbers": ["user/*"] }),
  chapter("WORKDIR", { folders: ["workdir/*"] }),
  chapter("ARG", {
    "default values, scope, `--build-arg`": ["variables/arg*", "options/build-arg*"],
    "predefined ARGs": ["variables/predefined*"],
    "automatic platform ARGs": ["variables/platform*", "variables/target*"],
    "BuildKit's own build arguments": [
      "variables/buildkit*",
      "checks/by-build-argument",
      "time/*",
      "*/*sandbox-hostname*",
      "*/*keep-git-dir*",
    ],
  }),
  chapter("ONBUILD", { triggers: ["onbuild/*", "heredoc/onbuild"] }),
  chapter("STOPSIGNAL", { signals: ["stopsignal/*"] }),
  chapter("HEALTHCHECK", { "options and forms": ["healthcheck/*"] }),
  chapter("SHELL", { "the default shell": ["shell/*"] }),
  chapter("Here-documents", {
    scripts: ["heredoc/run*"],
    files: ["heredoc/copy*", "heredoc/add", "heredoc/destination*"],
    "names, ends, other instructions": ["heredoc/open", "heredoc/other*", "heredoc/onbuild"],
  }),
  chapter("The image's history", { "entries, what a configuration has": ["history/*", "config/*"] }),
  {
    title: "Build checks",
    parts: [
      { what: "how rules are chosen", cases: ["checks/*", "file/directive-check*"] },
      ...checkRules.map(({ name }) => ({ what: `\`${name}\``, cases: [], rule: name })),
      { what: "checks of the result, slipway's own", cases: ["result-checks/*"] },
    ],
  },
  chapter("What a build is given", {
    "`--target`": ["from/target*", "options/target*"],
    "`--label`": ["options/label*", "label/from-command*"],
    "`--build-context`": ["options/build-context*", "named-context/*"],
    "contexts from standard input, git and http": ["context*/*"],
    "`SOURCE_DATE_EPOCH`": ["time/*"],
    "`--platform`": ["platform/*"],
    "`--no-cache`, `--no-cache-filter`, cache control": ["cache-control/*", "cache-keys/*"],
  }),
];

function chapter(title: string, parts: Readonly<Record<string, readonly string[]>>): Chapter {
  return { title, parts: Object.entries(parts).map(([what, cases]) => ({ what, cases })) };
}
