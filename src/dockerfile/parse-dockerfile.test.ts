import { describe, expect, test } from "vitest";
import { parseDockerfile, parseTrigger } from "./index.ts";
import { facts, faultOf, markedText } from "./testing.ts";

/** Each trap of the format: what stands in the file, and what it means. */
const traps: readonly (readonly [title: string, text: string, ...facts: readonly string[]])[] = [
  ["keywords in any case", "from a\nRun x\ncOpY a b\n", "from a", "run sh{x}", "copy a -> b"],
  ["AS in any case", "FROM a aS Build", "from a as Build"],
  ["leading white space", "  FROM a\n\t RUN  x  \n", "from a", "run sh{x}"],
  ["tabs as separators", "FROM\ta\nCOPY\t\ta\t\tb\n", "from a", "copy a -> b"],
  ["a byte order mark", "\uFEFFFROM a", "from a"],
  ["a directive behind a byte order mark", "\uFEFF# escape=`\nFROM a `\nAS b", "from a as b"],
  ["line ends of Windows", "FROM a\r\nRUN x \\\r\n  y\r\n", "from a", "run sh{x   y}"],
  ["no line feed at the end", "FROM a\nRUN x", "from a", "run sh{x}"],
  ["a continuation keeps the blanks of both lines", "RUN a  \\\n  b", "run sh{a    b}"],
  ["a continuation inside a word", "RUN good\\\nbye", "run sh{goodbye}"],
  ["blanks behind a continuation", "RUN a \\  \t\nb", "run sh{a b}"],
  ["a continuation at the end of the file", "FROM a\nRUN x \\", "from a", "run sh{x}"],
  ["a lone continuation", "FROM a\n\\\n\\\n", "from a"],
  ["a line that is nothing but the escape", "RUN a \\\n\\\nb", "run sh{a b}"],
  ["a doubled escape continues nothing", "ENV A a\\\\\nENV B b", "env [A]=[a\\\\]", "env [B]=[b]"],
  ["a comment inside a continuation", "RUN a \\\n# no\n  # nor this\nb", "run sh{a b}"],
  ["a comment that ends in the escape", "RUN a \\\n# no \\\nb\nRUN c", "run sh{a b}", "run sh{c}"],
  ["empty lines inside a continuation", "RUN a \\\n\n  \n b", "run sh{a  b}"],
  ["a number sign inside a line", "RUN a # b", "run sh{a # b}"],
  ["a comment between instructions", "FROM a\n # x\nRUN b", "from a", "run sh{b}"],
  ["escape=`", "# escape=`\nFROM a\nCOPY x c:\\\nRUN dir `\n c:\\", "from a", "copy x -> c:\\", "run sh{dir  c:\\}"],
  ["escape in any case, with blanks", "#\t eScApE = ` \nFROM a `\nas b", "from a as b"],
  ["escape behind a comment is a comment", "# hello\n# escape=`\nFROM a `", "faults"],
  ["escape behind an empty line is a comment", "\n# escape=`\nRUN a \\\nb", "run sh{a b}"],
  ["escape behind an unknown directive is a comment", "# key=x\n# escape=`\nRUN a \\\nb", "run sh{a b}"],
  ["escape behind another directive", "# syntax=docker/dockerfile:1\n# escape=`\nRUN a `\nb", "run sh{a b}"],
  ["exec form", 'CMD ["a","b c", "\\u00e9\\n\\""]', 'cmd exec[a][b c][\u00e9\n"]'],
  ["exec form with blanks around", 'RUN   [ "a" , "b" ]  ', "run exec[a][b]"],
  ["exec form, empty", "CMD []\nENTRYPOINT []", "cmd exec", "entrypoint exec"],
  ["exec form over two lines", 'CMD ["a", \\\n  "b"]', "cmd exec[a][b]"],
  ["single quotes are no JSON", "CMD ['a', 'b']", "cmd sh{['a', 'b']}"],
  ["an open bracket is no JSON", 'CMD ["a", "b"', 'cmd sh{["a", "b"}'],
  ["text behind the bracket is no JSON", 'CMD ["a"] b', 'cmd sh{["a"] b}'],
  ["a backslash that JSON does not know", 'RUN ["c:\\windows"]', 'run sh{["c:\\windows"]}'],
  ["a shell test is no JSON", "RUN [ -f x ]", "run sh{[ -f x ]}"],
  ["CMD and ENTRYPOINT without arguments", "CMD\nENTRYPOINT", "cmd exec", "entrypoint exec"],
  ["flags end at a lone --", "COPY --from=a -- --b c", "copy --b -> c from=a"],
  ["flags end at the first word", "RUN x --network=none", "run sh{x --network=none}"],
  ["flags over two lines", "COPY --from=a \\\n --link \\\n b c", "copy b -> c from=a link"],
  ["quotes in flags", `COPY --chown="a b" --from='c' d e`, "copy d -> e from=c chown=a b"],
  ["an escaped blank in a flag", "COPY --chown=a\\ b c d", "copy c -> d chown=a b"],
  ["a flag before exec form", 'RUN --network=none ["a"]', "run exec[a] network=none"],
  ["a heredoc", "RUN <<EOF\na\n  b\nEOF\nRUN c", "run script{a\n  b\n}", "run sh{c}"],
  ["a heredoc is not trimmed or joined", "RUN <<EOF\n# a\\\n\n\tb \nEOF", "run script{# a\\\n\n\tb \n}"],
  ["a heredoc without content", "RUN <<EOF\nEOF", "run script{}"],
  ["a heredoc with an interpreter", "RUN <<EOF\n#!/bin/awk -f\nx\nEOF", "run file{#!/bin/awk -f\nx\n}"],
  ["a heredoc behind flags", "RUN --network=none <<EOF\na\nEOF", "run script{a\n} network=none"],
  ["a heredoc behind a continuation", "RUN --network=none \\\n <<EOF\na\nEOF", "run script{a\n} network=none"],
  ["a heredoc given to a command", "RUN python3 <<EOF\na\nEOF", "run sh{python3 <<EOF}"],
  ["a heredoc piped", "RUN <<EOF | sh\na\nEOF", "run sh{<<EOF | sh}"],
  ["<<- strips tabs of body and end", "RUN <<-EOF\n\t\ta\n\tb\n\tEOF", "run script{a\nb\n}"],
  ["<< keeps tabs", "RUN <<EOF\n\ta\n\tEOF\nEOF", "run script{\ta\n\tEOF\n}"],
  ["blanks behind <<", "RUN <<  EOF\na\nEOF", "run script{a\n}"],
  ["a name in quotes", "COPY <<'one two' /x\na\none two", "copy <<one two{a\n} -> /x"],
  ["two heredocs", "COPY <<a <<b /dst/\n1\na\n2\nb\nRUN x", "copy <<a{1\n} <<b{2\n} -> /dst/", "run sh{x}"],
  ["a heredoc in the body of another", "COPY <<X <<Y /d\nY\nX\nX\nY", "copy <<X{Y\n} <<Y{X\n} -> /d"],
  ["heredocs among paths, in order", "COPY p <<a q /d/\n1\na", "copy p <<a{1\n} q -> /d/"],
  ["a heredoc of ADD", "ADD --chmod=600 <<EOF /f\na\nEOF", "add <<EOF{a\n} -> /f chmod=600"],
  ["a heredoc with Windows line ends", "RUN <<EOF\r\na\r\nEOF\r\nRUN b\r\n", "run script{a\r\n}", "run sh{b}"],
  ["a heredoc in quotes is none", `RUN echo "<<EOF" '<<X'`, `run sh{echo "<<EOF" '<<X'}`],
  ["an escaped heredoc is none", "RUN echo \\<<EOF", "run sh{echo \\<<EOF}"],
  ["a here-string is none", "RUN cat <<<EOF", "run sh{cat <<<EOF}"],
  ["<< inside a word is none", "RUN echo $((1<<2)) a<<b", "run sh{echo $((1<<2)) a<<b}"],
  ["an open quote hides heredocs", "RUN echo it's <<EOF", "run sh{echo it's <<EOF}"],
  ["exec form has no heredocs", 'RUN ["<<EOF"]', "run exec[<<EOF]"],
  ["only RUN, COPY and ADD have heredocs", "USER <<EOF", "user [<<EOF]"],
  ["ENV with =", `ENV a=b c="d e" f='g h' i=j\\ k l=`, `env [a]=[b] [c]=["d e"] [f]=['g h'] [i]=[j\\ k] [l]=[]`],
  ["ENV with a blank", "ENV ONE TWO= THREE=world", "env [ONE]=[TWO= THREE=world]"],
  ["ENV with a quoted blank over two lines", 'ENV a="b \\\n  c" d=e', 'env [a]=["b   c"] [d]=[e]'],
  ["single quotes know no escapes", "ENV a='b\\' c=d", "env [a]=['b\\'] [c]=[d]"],
  ["double quotes do", 'ENV a="b\\" c=d"', 'env [a]=["b\\" c=d"]'],
  ["an escaped blank at the end of a word", "ENV a=b\\  c=d", "env [a]=[b\\ ] [c]=[d]"],
  ["LABEL with a quoted name", 'LABEL "com.x.y"="z" v=1', 'label ["com.x.y"]=["z"] [v]=[1]'],
  ["ARG, several", 'ARG a b=c d="e f" g=', 'arg [a] [b]=[c] [d]=["e f"] [g]=[]'],
  [
    "COPY, all flags",
    "COPY --from=0 --chown=1:2 --chmod=u=rwX --link=false --parents --exclude=a --exclude=b x /y",
    "copy x -> /y from=0 chown=1:2 chmod=u=rwX parents exclude=a exclude=b",
  ],
  [
    "ADD, all flags",
    "ADD --checksum=sha256:1 --keep-git-dir --unpack=FALSE --link --exclude=*.o u /y",
    "add u -> /y checksum=sha256:1 link exclude=*.o unpack=false keep-git-dir=true",
  ],
  ["COPY in JSON", 'COPY --link ["a b", "c", "/d e/"]', "copy a b c -> /d e/ link"],
  ["quotes mean nothing to COPY's words", 'COPY "a b" c', 'copy "a b" -> c'],
  ["EXPOSE", "EXPOSE 80 53/udp 8000-8010/tcp $P", "expose 80 53/udp 8000-8010/tcp $P"],
  ["VOLUME, words", "VOLUME /a  /b", "volume [/a] [/b]"],
  ["VOLUME, JSON", 'VOLUME ["/a b"]', "volume [/a b]"],
  ["SHELL", 'SHELL ["/bin/bash", "-c"]', "shell [/bin/bash] [-c]"],
  ["WORKDIR and USER take the whole line", "WORKDIR /a b\nUSER a:b", "workdir [/a b]", "user [a:b]"],
  ["STOPSIGNAL and MAINTAINER", "STOPSIGNAL SIGINT\nMAINTAINER A <a@b>", "stopsignal SIGINT", "maintainer [A <a@b>]"],
  ["HEALTHCHECK NONE", "HEALTHCHECK none", "healthcheck none"],
  [
    "HEALTHCHECK CMD, all flags",
    "HEALTHCHECK --interval=5m --timeout=1.5s --start-period=0s --start-interval=10ms --retries=3 CMD a b",
    "healthcheck sh{a b} interval=300000000000 timeout=1500000000 startPeriod=0 startInterval=10000000 retries=3",
  ],
  ["HEALTHCHECK in exec form", 'HEALTHCHECK cmd ["a", "b"]', "healthcheck exec[a][b]"],
  ["ONBUILD", "ONBUILD COPY --from=b x y", "onbuild copy x -> y from=b"],
  ["ONBUILD with a heredoc", "ONBUILD RUN <<EOF\na\nEOF\nRUN b", "onbuild run script{a\n}", "run sh{b}"],
  ["ONBUILD in lower case with JSON", 'onbuild cmd ["a"]', "onbuild cmd exec[a]"],
  [
    "FROM with everything",
    "FROM --platform=$BUILDPLATFORM a:1@sha256:2 AS b",
    "from a:1@sha256:2 as b platform=$BUILDPLATFORM",
  ],
  [
    "RUN with everything",
    "RUN --mount=type=cache,target=/c --mount=target=. --network=host --security=insecure --device=x/y=z,required a",
    "run sh{a} mount{type:cache target:/c} mount{target:.} network=host security=insecure device=x/y=z!",
  ],
];

describe("what a file means", () => {
  test.each(traps.filter(([, , first]) => first !== "faults"))("%s", (_, text, ...expected) => {
    expect(parseDockerfile(text).instructions.map(facts)).toEqual(expected);
  });

  test("escape behind a comment is a comment, so that ` is a word", () => {
    const fault = faultOf(() => parseDockerfile("# hello\n# escape=`\nFROM a `"));
    expect(fault.message).toBe("FROM requires either one or three arguments");
  });
});

/** What is refused: the file, the message, and the part of the file that is marked. */
const refused: readonly (readonly [text: string, message: string, marked: string])[] = [
  ["", "The Dockerfile has no instructions", ""],
  ["# only\n\n# comments", "The Dockerfile has no instructions", ""],
  ["# escape=x\nFROM a", 'The escape character cannot be "x"', "# escape=x"],
  ["# escape=`\n# escape=`\nFROM a", 'The parser directive "escape" is given twice', "# escape=`"],
  ["# syntax=a\n#  SYNTAX=b\nFROM a", 'The parser directive "syntax" is given twice', "#  SYNTAX=b"],
  ["FROM a\nCOPPY b c", "Unknown instruction: COPPY", "COPPY"],
  ["\uFEFF\uFEFFFROM a", "Unknown instruction: \uFEFFFROM", "\uFEFFFROM"],
  ["FROM", "FROM requires an image", "FROM"],
  ["FROM a b", "FROM requires either one or three arguments", "a b"],
  ["FROM a AS", "FROM requires either one or three arguments", "a AS"],
  ["FROM a AS b c", "FROM requires either one or three arguments", "a AS b c"],
  ["FROM --plattform=x a", "Unknown flag --plattform of FROM", "--plattform=x"],
  ["FROM --platform a", "FROM --platform needs a value", "--platform"],
  ["RUN", "RUN requires a command", "RUN"],
  ["RUN []", "RUN requires a command", "RUN []"],
  ["RUN --network=lan x", '--network cannot be "lan"', "lan"],
  ["RUN --network=none --network=host x", "RUN --network is given twice", "--network=host"],
  ["RUN <<EOF\na\n", "The heredoc <<EOF is not ended", "<<EOF"],
  ["RUN <<a <<b\na\nx", "The heredoc <<b is not ended", "<<b"],
  ["CMD [1]", "A JSON array of arguments may hold strings only", "[1]"],
  ['CMD ["a", ["b"]]', "A JSON array of arguments may hold strings only", '["a", ["b"]]'],
  ["CMD --x a", "Unknown flag --x of CMD", "--x"],
  ["COPY", "COPY requires at least two arguments", "COPY"],
  ["COPY a", "COPY requires at least two arguments, but only one was provided: the destination is missing", "COPY a"],
  [
    "ADD --link a",
    "ADD requires at least two arguments, but only one was provided: the destination is missing",
    "ADD --link a",
  ],
  ["COPY a <<EOF\nEOF", "COPY cannot accept a heredoc as a destination", "<<EOF"],
  ["COPY --link=maybe a b", 'COPY --link takes true or false, not "maybe"', "--link=maybe"],
  ["COPY --unpack a b", "Unknown flag --unpack of COPY", "--unpack"],
  ["ADD --from=a b c", "Unknown flag --from of ADD", "--from=a"],
  ["ENV", "ENV requires at least one argument", "ENV"],
  ["ENV A", "ENV must have two arguments", "ENV A"],
  ["ENV =b", "ENV has an empty name", "=b"],
  ["ENV a=b c", 'ENV has no = in "c"', "c"],
  ["LABEL x", "LABEL must have two arguments", "LABEL x"],
  ["ARG", "ARG requires at least one argument", "ARG"],
  ["ARG =x", "ARG has an empty name", "=x"],
  ["EXPOSE", "EXPOSE requires at least one argument", "EXPOSE"],
  ["VOLUME", "VOLUME requires at least one argument", "VOLUME"],
  ['VOLUME [""]', "VOLUME cannot be an empty string", '""'],
  ["USER", "USER requires exactly one argument", "USER"],
  ["WORKDIR", "WORKDIR requires exactly one argument", "WORKDIR"],
  ["STOPSIGNAL", "STOPSIGNAL requires exactly one argument", "STOPSIGNAL"],
  ["MAINTAINER", "MAINTAINER requires exactly one argument", "MAINTAINER"],
  ["MAINTAINER --boo x", "Unknown flag --boo of MAINTAINER", "--boo"],
  ["SHELL /bin/sh -c", "SHELL requires the arguments to be in JSON form", "SHELL /bin/sh -c"],
  ["SHELL []", "SHELL requires at least one argument", "SHELL []"],
  ["HEALTHCHECK", "HEALTHCHECK requires at least one argument", "HEALTHCHECK"],
  ["HEALTHCHECK CMD", "HEALTHCHECK CMD requires a command", "HEALTHCHECK CMD"],
  ["HEALTHCHECK CMD []", "HEALTHCHECK CMD requires a command", "HEALTHCHECK CMD []"],
  ["HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments", "x"],
  ["HEALTHCHECK TCP 80", 'Unknown type "TCP" in HEALTHCHECK', "TCP"],
  ["HEALTHCHECK --interval=5 CMD a", '--interval is no duration: "5"', "5"],
  ["HEALTHCHECK --timeout=5us CMD a", "--timeout cannot be less than 1ms", "5us"],
  ["HEALTHCHECK --timeout=-5s CMD a", "--timeout cannot be less than 1ms", "-5s"],
  ["HEALTHCHECK --retries=-1 CMD a", '--retries must be a number of 0 or more, not "-1"', "-1"],
  ["ONBUILD", "ONBUILD requires at least one argument", "ONBUILD"],
  ["ONBUILD ONBUILD RUN a", "Chaining ONBUILD via ONBUILD ONBUILD is not allowed", "ONBUILD"],
  ["ONBUILD from a", "FROM is not allowed as an ONBUILD trigger", "from"],
  ["ONBUILD MAINTAINER a", "MAINTAINER is not allowed as an ONBUILD trigger", "MAINTAINER"],
  [
    "ONBUILD COPY a",
    "COPY requires at least two arguments, but only one was provided: the destination is missing",
    "ONBUILD COPY a",
  ],
];

describe("what is refused", () => {
  test.each(refused)("%j: %s", (text, message, marked) => {
    const fault = faultOf(() => parseDockerfile(text));
    expect([fault.code, fault.message, markedText(fault)]).toEqual(["SLIP_DOCKERFILE", message, marked]);
  });

  test.each([
    ["COPPY a b", "did you mean COPY?"],
    ["form a", "did you mean FROM?"],
    ["ENTRYPIONT a", "did you mean ENTRYPOINT?"],
    ["FOO a", "see the Dockerfile reference for the instructions there are"],
    ["COPY --form=a b c", "did you mean --from? COPY knows --from, --chown, --chmod, --link, --exclude, --parents"],
    ["CMD --x", "CMD has no flags; a lone -- before the arguments ends them"],
  ])("%s: hint %s", (text, hint) => {
    expect(faultOf(() => parseDockerfile(text)).hint).toBe(hint);
  });
});

describe("places", () => {
  const text = "# c\nFROM a AS b\nRUN x \\\n  # inner\n  yy \\\n  zz\nCOPY --chown=1 <<E src /d\nbody\nE\n";
  const { instructions } = parseDockerfile(text, { file: "f" });
  const slice = (span: { start: number; end: number }) => text.slice(span.start, span.end);

  test("an instruction reaches from its keyword to the end of its last line", () => {
    expect(instructions.map(({ span }) => slice(span))).toEqual([
      "FROM a AS b",
      "RUN x \\\n  # inner\n  yy \\\n  zz",
      "COPY --chown=1 <<E src /d\nbody\nE",
    ]);
    expect(instructions.map(({ span }) => [span.startLine, span.endLine])).toEqual([
      [2, 2],
      [3, 6],
      [7, 9],
    ]);
    expect(instructions[1]?.location).toMatchObject({ file: "f", text });
    expect(instructions[1]?.text).toBe("RUN x   yy   zz");
  });

  test("every token has its own", () => {
    const [from, run, copy] = instructions;
    if (from?.kind !== "from" || run?.kind !== "run" || copy?.kind !== "copy") throw new Error("other instructions");
    expect(slice(from.image.span)).toBe("a");
    expect(from.as && slice(from.as.span)).toBe("b");
    expect(run.command.form === "shell" && slice(run.command.script.span)).toBe("x \\\n  # inner\n  yy \\\n  zz");
    expect(copy.flags.map(({ span, valueSpan }) => [slice(span), slice(valueSpan)])).toEqual([["--chown=1", "1"]]);
    expect(copy.heredocs.map(({ span, contentSpan }) => [slice(span), slice(contentSpan)])).toEqual([
      ["<<E", "body\n"],
    ]);
    expect(slice(copy.destination.span)).toBe("/d");
    expect(copy.keyword).toMatchObject({ text: "COPY" });
  });

  test("a word cut by a continuation spans both lines", () => {
    const cut = parseDockerfile("USER some\\\none").instructions[0];
    expect(cut?.kind === "user" && cut.user).toMatchObject({
      text: "someone",
      span: { startLine: 1, endLine: 2, start: 5, end: 14 },
    });
  });

  test("strings of the exec form", () => {
    const source = 'CMD ["a\\"", "é"]';
    const [cmd] = parseDockerfile(source).instructions;
    if (cmd?.kind !== "cmd" || cmd.command.form !== "exec") throw new Error("another form");
    expect(cmd.command.args.map(({ span }) => source.slice(span.start, span.end))).toEqual(['"a\\""', '"é"']);
  });
});

test("comments before and inside an instruction belong to it", () => {
  const { instructions, trailingComments } = parseDockerfile("# one\n\n#two \nFROM a\nRUN x \\\n #  three\n y\n# end");
  expect(instructions.map(({ comments }) => comments.map(({ text }) => text))).toEqual([["one", "two"], ["three"]]);
  expect(trailingComments.map(({ text }) => text)).toEqual(["end"]);
});

test("directives are kept, with # in the first column or not", () => {
  const { directives, escape } = parseDockerfile(
    "# Syntax = docker/dockerfile:1 \n  #check=skip=all\n#escape=\\\nFROM a",
  );
  expect(directives.map(({ name, value }) => [name, value.text])).toEqual([
    ["syntax", "docker/dockerfile:1"],
    ["check", "skip=all"],
    ["escape", "\\"],
  ]);
  expect(escape).toBe("\\");
});

test("a #! line may stand before syntax and check, and not before escape", () => {
  const names = (text: string) => parseDockerfile(text).directives.map(({ name }) => name);
  expect(names("#!/usr/bin/env x\n# syntax=a\nFROM a")).toEqual(["syntax"]);
  expect(names("#!/usr/bin/env x\n# escape=`\nFROM a")).toEqual([]);
});

test("empty lines inside an instruction are told, once an instruction", () => {
  const { emptyContinuations } = parseDockerfile("FROM a\nRUN b \\\n\n  c \\\n\n d\nRUN e \\\n# fine\n f");
  expect(emptyContinuations.map(({ startLine }) => startLine)).toEqual([3]);
});

describe("heredocs", () => {
  test.each([
    ["<<EOF", "EOF", { name: "EOF", expand: true, stripTabs: false, fd: undefined }],
    ["<<-EOF", "EOF", { name: "EOF", expand: true, stripTabs: true }],
    ["<<- EOF", "EOF", { name: "EOF", stripTabs: true }],
    ["<< -EOF", "-EOF", { name: "-EOF", stripTabs: false }],
    ["<<'EOF'", "EOF", { name: "EOF", expand: false }],
    ['<<"EOF"', "EOF", { name: "EOF", expand: false }],
    ["<<eo'f'", "eof", { name: "eof", expand: false }],
    ["<<eo\\'f", "eo'f", { name: "eo'f", expand: true }],
    ["<<$EOF", "$EOF", { name: "$EOF", expand: true }],
    ["<<file.txt", "file.txt", { name: "file.txt" }],
    ["3<<EOF", "EOF", { name: "EOF", fd: 3 }],
  ])("%s", (mark, end, expected) => {
    const [run] = parseDockerfile(`RUN cat ${mark}\nx\n${end}\n`).instructions;
    expect(run?.heredocs).toHaveLength(1);
    expect(run?.heredocs[0]).toMatchObject({ ...expected, content: "x\n", raw: "x\n" });
  });

  test("raw keeps the tabs that <<- strips", () => {
    const [run] = parseDockerfile("RUN cat <<-E\n\t\ta\n\tE\n").instructions;
    expect(run?.heredocs[0]).toMatchObject({ content: "a\n", raw: "\t\ta\n" });
  });
});

describe("ONBUILD triggers", () => {
  test("the recorded expression parses to the same trigger", () => {
    const [onbuild] = parseDockerfile("ONBUILD COPY <<-a b \\\n c /d/\n\t1\n\ta\n").instructions;
    if (onbuild?.kind !== "onbuild") throw new Error("another instruction");
    expect(onbuild.expression).toBe("COPY <<-a b  c /d/\n\t1\na");
    const again = parseTrigger(onbuild.expression, { image: "base" });
    expect(facts(again)).toBe(facts(onbuild.trigger));
    expect(again.location.file).toBe("ONBUILD of base");
  });

  test.each(["", "FROM a", "ONBUILD RUN a", "RUN a\nRUN b", "MAINTAINER x"])("%j is refused", (text) => {
    const fault = faultOf(() => parseTrigger(text, { image: "base" }));
    expect(fault.message).toMatch(/^The image base has an ONBUILD trigger that cannot be run/);
  });
});
