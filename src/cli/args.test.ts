import { expect, test } from "vitest";
import { cut, parseArgs, wholeNumber } from "./args.ts";

const table = {
  tag: { type: "list", short: "t", value: "NAME" },
  file: { type: "string", short: "f" },
  network: { type: "string", aliases: ["net"], choices: ["host", "none"], hiddenChoices: ["bridge"] },
  interactive: { type: "flag", short: "i" },
  tty: { type: "flag", short: "T" },
  "no-cache": { type: "flag" },
} as const;
const nothing = { tag: [], file: undefined, network: undefined, interactive: false, tty: false, "no-cache": false };

test.each([
  { argv: [], values: {}, positionals: [] },
  { argv: ["."], values: {}, positionals: ["."] },
  { argv: ["-t", "a", ".", "--tag", "b", "--tag=c"], values: { tag: ["a", "b", "c"] }, positionals: ["."] },
  { argv: ["-ta", "-t=b"], values: { tag: ["a", "b"] }, positionals: [] },
  { argv: ["-iT", "x"], values: { interactive: true, tty: true }, positionals: ["x"] },
  { argv: ["-iTfname"], values: { interactive: true, tty: true, file: "name" }, positionals: [] },
  { argv: ["-if", "name"], values: { interactive: true, file: "name" }, positionals: [] },
  { argv: ["-f", "-"], values: { file: "-" }, positionals: [] },
  { argv: ["-f", "a", "-f", "b"], values: { file: "b" }, positionals: [] },
  { argv: ["--file="], values: { file: "" }, positionals: [] },
  { argv: ["--file=a=b"], values: { file: "a=b" }, positionals: [] },
  { argv: ["--file", "--no-cache"], values: { file: "--no-cache" }, positionals: [] },
  { argv: ["--no-cache=false"], values: {}, positionals: [] },
  { argv: ["--no-cache=T"], values: { "no-cache": true }, positionals: [] },
  { argv: ["-i=0"], values: {}, positionals: [] },
  { argv: ["--no-cache", "false"], values: { "no-cache": true }, positionals: ["false"] },
  { argv: ["--net", "none"], values: { network: "none" }, positionals: [] },
  { argv: ["--network=bridge"], values: { network: "bridge" }, positionals: [] },
  { argv: ["-", "--", "-t", "x"], values: {}, positionals: ["-", "-t", "x"] },
])("reads $argv", ({ argv, values, positionals }) => {
  expect(parseArgs(table, argv)).toEqual({ values: { ...nothing, ...values }, positionals });
});

test("flags end at the first positional where the command says so", () => {
  expect(parseArgs(table, ["-i", "image", "-t", "x", "--", "y"], { stopAtPositional: true })).toEqual({
    values: { ...nothing, interactive: true },
    positionals: ["image", "-t", "x", "--", "y"],
  });
});

test.each([
  { argv: ["--tga", "x"], message: "Unknown flag --tga", hint: 'did you mean "--tag"?' },
  { argv: ["--completely-else"], message: "Unknown flag --completely-else", hint: undefined },
  { argv: ["-iq"], message: "Unknown flag -q", hint: undefined },
  { argv: ["--tag"], message: "Flag --tag needs a value", hint: "write --tag NAME" },
  { argv: ["-it"], message: "Flag -t needs a value", hint: "write -t NAME" },
  { argv: ["--network=x"], message: 'Invalid value "x" for --network', hint: "one of: host, none" },
  { argv: ["--tty=maybe"], message: 'Invalid value "maybe" for --tty', hint: "true or false, or --tty alone" },
])("refuses $argv", ({ argv, message, hint }) => {
  expect(() => parseArgs(table, argv)).toThrow(expect.objectContaining({ code: "SLIP_USAGE", message, hint }));
});

test("a flag of docker that slipway does not have says what to do instead", () => {
  const refused = { secret: "not built yet", d: "one command alone" };
  expect(() => parseArgs(table, ["--secret=id=x"], { refused })).toThrow(
    expect.objectContaining({
      code: "SLIP_UNSUPPORTED",
      message: "Flag --secret is not supported",
      hint: "not built yet",
    }),
  );
  expect(() => parseArgs(table, ["-id"], { refused })).toThrow(expect.objectContaining({ code: "SLIP_UNSUPPORTED" }));
});

test.each(["0", "-1", "1.5", "two", "", "1e3", "99999999999999999"])("%j is no number of jobs", (text) => {
  expect(() => wholeNumber("--jobs", text)).toThrow("for --jobs");
});

test("a whole number, or none", () => {
  expect(wholeNumber("--jobs", "12")).toBe(12);
  expect(wholeNumber("--jobs", undefined)).toBeUndefined();
});

test("cuts at the first equals sign", () => {
  expect(cut("A=b=c")).toEqual(["A", "b=c"]);
  expect(cut("A")).toEqual(["A", undefined]);
});

test.each([
  [["--sbom", "."], "true", ["."]],
  [["--sbom"], "true", []],
  [["--sbom", "--attest", "x", "."], "true", ["."]],
  [["--sbom", "--attest=x", "."], "true", ["."]],
  [["--sbom", "false", "."], "false", ["."]],
  [["--sbom", "format=all", "."], "format=all", ["."]],
  [["--sbom=x", "."], "x", ["."]],
])("a flag that may go without a value: %j", (argv, sbom, positionals) => {
  const flags = {
    sbom: { type: "string", bare: { value: "true", values: /^(?:true|false)$|^[a-z]+=/ } },
    attest: { type: "list" },
  } as const;
  expect(parseArgs(flags, argv)).toMatchObject({ values: { sbom }, positionals });
});
