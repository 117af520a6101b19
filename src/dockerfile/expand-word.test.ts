import { describe, expect, test } from "vitest";
import { expandWord, expandWords } from "./index.ts";
import { faultOf } from "./testing.ts";

const variables: Readonly<Record<string, string>> = {
  HOME: "/root",
  EMPTY: "",
  SPACED: " a  b ",
  NAME: "foobarbaz",
  PATHS: "/usr/lib/x.so",
  STARS: "a**b",
  STÄDTE: "Köln",
};
const lookup = (name: string): string | undefined => variables[name];

describe("one word", () => {
  test.each([
    // quotes and escapes
    ["plain", "plain"],
    ["", ""],
    [`a'b c'd"e f"`, "ab cde f"],
    [`'$HOME \\x "'`, `$HOME \\x "`],
    [`"it's $HOME"`, "it's /root"],
    [`"a\\"b\\$HOME\\\\c\\n"`, `a"b$HOME\\c\\n`],
    ["a\\ b\\'c\\n", "a b'cn"],
    ["\\$HOME \\${HOME}", "$HOME ${HOME}"],
    ["end\\", "end"],
    ["end\\\\", "end\\"],
    // names
    ["$HOME/x", "/root/x"],
    ["${HOME}x$NONE.", "/rootx."],
    ["$HOMEx", ""],
    ["$STÄDTE", "Köln"],
    ["$ $. $/ a$", "$ $. $/ a$"],
    ["$1 $123abc $@@ $$ $#", " abc @  "],
    ["${@}${1:-x}", "x"],
    // the five guards
    ["${NONE:-x}|${NONE-x}|${EMPTY:-x}|${EMPTY-x}|${HOME:-x}", "x|x|x||/root"],
    ["${NONE:+x}|${NONE+x}|${EMPTY:+x}|${EMPTY+x}|${HOME:+x}", "|||x|x"],
    ["${HOME:?x}${HOME?x}${EMPTY?x}", "/root/root"],
    ["${NONE:-${EMPTY:-${HOME}}}!", "/root!"],
    ["${NONE:-'a}b' \"c}\" \\}}", "a}b c} }"],
    ["${NONE:-a b} ${NONE:-{x}", "a b {x"],
    ['"${NONE:-"a b"}"', "a b"],
    // prefix and suffix
    ["${NAME#f*b} ${NAME##f*b} ${NAME%b*} ${NAME%%b*}", "arbaz az foobar foo"],
    ["${NAME#x} ${NAME#} ${NAME#*} ${NAME##*} ${NAME%?}", "foobarbaz foobarbaz foobarbaz  foobarba"],
    ["${STARS%\\*b} ${STARS#a\\*} ${STARS#a?}", "a* *b *b"],
    ["${NONE#x}${NONE%%x}", ""],
    ["${NAME#$P}${NAME%${NONE:-baz}}", "foobarbazfoobar"],
    // replacing
    ["${NAME/ba/fo} ${NAME//ba/fo} ${NAME//ba/} ${NAME/x/y}", "fooforbaz fooforfoz foorz foobarbaz"],
    ["${NAME/b*/X} ${NAME/*a/X} ${NAME/b?/\\/}", "fooX Xz foo\\/rbaz"],
    ["${PATHS//\\//:} ${PATHS/\\/usr/$HOME}", ":usr:lib:x.so /root/lib/x.so"],
    ["${NAME/$EMPTY/X} ${EMPTY//a/b} ${EMPTY/$EMPTY/X}", "Xfoobarbaz  X"],
    ["${NONE//a/b}", ""],
    // characters outside of the basic plane are one character
    ["${NONE:-\u{1f600}}${HOME/?root/\u{1f600}}", "\u{1f600}\u{1f600}"],
  ])("%s", (text, expected) => {
    expect(expandWord(text, lookup)).toBe(expected);
  });

  test("the escape character can be another", () => {
    expect(expandWord('`$HOME c:\\x "`"\\" ${NONE:-`}}', lookup, { escape: "`" })).toBe('$HOME c:\\x "\\ }');
  });

  test("quotes can be ordinary characters, as in heredocs", () => {
    expect(expandWord(`it's "$HOME" '$HOME' \\$ \\\\ \\`, lookup, { keepQuotes: true })).toBe(
      `it's "/root" '/root' $ \\ `,
    );
  });

  test.each([
    ["it's", "a single quote is not closed"],
    [`"a\\"`, "a double quote is not closed"],
    ["${HOME", "a substitution has no closing }"],
    ["${", "a substitution has no closing }"],
    ["${HOME:-x", "a substitution has no closing }"],
    ["${HOME:", "a substitution has no closing }"],
    ["${NAME/a", "a substitution has no closing /"],
    ["${NAME/a}", "a substitution has no closing /"],
    ["${NAME//}", "a substitution has no closing /"],
    ["${}", "a substitution has no variable name"],
    ["${.}", "a substitution has no variable name"],
    ["${:-a}", "a substitution has no variable name"],
    ["${HOME=x}", "the modifier = is not known"],
    ["${HOME:=x}", "the modifier := is not known"],
    ["${HOME:#x}", "the modifier :# is not known"],
    ["${HOME[0]}", "the modifier [ is not known"],
    ["${NAME#\\x}", '"\\\\x" is no pattern'],
    ["${NONE?}", "NONE: not allowed to be unset"],
    ["${EMPTY:?}", "EMPTY: not allowed to be unset or empty"],
    ["${NONE:?set it to $HOME}", "NONE: set it to /root"],
    ["${a:-".repeat(101), "substitutions are nested more than 100 deep"],
  ])("%s: %s", (text, reason) => {
    const fault = faultOf(() => expandWord(text, lookup));
    expect([fault.code, fault.message.endsWith(`: ${reason}`)]).toEqual(["SLIP_DOCKERFILE", true]);
  });

  test("an error tells the place it was given", () => {
    const location = { file: "f", text: "USER ${", span: { start: 5, end: 7, startLine: 1, endLine: 1 } };
    expect(faultOf(() => expandWord("${", lookup, { location })).location).toBe(location);
  });

  test("uses of variables are told, and which of them say themselves what an unset one means", () => {
    const told: string[] = [];
    expandWord("$HOME ${A} ${B:-$C} ${D+x} $1 $@ ${E#x} ${EMPTY:-y}", lookup, {
      onUse: (name) => told.push(name),
      onUnset: (name, guarded) => told.push(`${guarded ? "?" : "!"}${name}`),
    });
    expect(told).toEqual(["HOME", "!A", "!C", "?B", "?D", "!E", "EMPTY"]);
  });
});

describe("several words", () => {
  test.each([
    ["a b\tc", ["a", "b", "c"]],
    ["  a  ", ["a"]],
    ["", []],
    ["''", []],
    [`a\\ b "c d" 'e f'`, ["a b", "c d", "e f"]],
    ["x${SPACED}y", ["x", "a", "b", "y"]],
    [`x"$\{SPACED}"y`, ["x a  b y"]],
    ["$SPACED$HOME", ["a", "b", "/root"]],
    ["${NONE:-1 2}3", ["1", "23"]],
    [`"$EMPTY" $NONE`, []],
  ])("%s", (text, expected) => {
    expect(expandWords(text, lookup)).toEqual(expected);
  });
});
