import { SlipwayError } from "../base/index.ts";
import type { CheckReport, DescribeOptions, Outline, Target } from "../index.ts";
import type { CallSpec } from "./call-spec.ts";
import { plural } from "./format.ts";
import type { CommandIo } from "./io.ts";
import { printError } from "./print-error.ts";
import { table } from "./table.ts";
import { printable, printableLines } from "./text.ts";

/** What `build --call` prints instead of building, on standard output. Returns the exit code. */
export async function answerCall(call: CallSpec, options: DescribeOptions, io: CommandIo): Promise<number> {
  const library = await io.library();
  switch (call.method) {
    case "targets": {
      const { text, targets } = await library.targetsOf(options);
      io.stdout.write(call.json ? targetsJson(targets, text) : targetsText(targets));
      return 0;
    }
    case "outline": {
      const { text, outline } = await library.outlineOf(options);
      io.stdout.write(call.json ? outlineJson(outline, text) : outlineText(outline));
      return 0;
    }
    default: {
      const report = await library.checkDockerfile(options);
      io.stdout.write(call.json ? checkJson(report) : checkText(report));
      if (!call.json && report.findings.length === 0 && report.error === undefined) io.stderr.write(needsBuild);
      if (report.error) {
        const error = new SlipwayError(report.error);
        await printError(error, io);
        if (call.ignoreStatus && error.code === "SLIP_CHECK") return 0;
        // What was found is told by 1, as docker tells it; what cannot be built has its own code.
        return error.code === "SLIP_CHECK" ? 1 : error.exitCode;
      }
      return report.findings.length > 0 && !call.ignoreStatus ? 1 : 0;
    }
  }
}

const needsBuild = "Whether the image can start is told after a build: the checks of the result need one.\n";

function checkText({ findings, error }: CheckReport): string {
  if (findings.length === 0) return error === undefined ? "Check complete, no warnings found.\n" : "";
  const count = `${plural(findings.length, "warning")} ${findings.length === 1 ? "has" : "have"} been found!`;
  const items = findings.map(
    ({ rule, message, excerpt }) => `\nWARNING: ${rule}\n${printable(message)}\n${printableLines(excerpt.trimEnd())}\n`,
  );
  return `Check complete, ${count}\n${items.join("")}`;
}

/** The members have docker's names; places are lines, one range each. */
function checkJson({ file, text, findings, error }: CheckReport): string {
  return json({
    warnings: findings.map(({ rule, message, detail, lines }) => ({
      ruleName: rule,
      description: detail,
      detail: message,
      location: place(lines),
    })),
    sources: [{ filename: file, language: "Dockerfile", data: base64(text) }],
    ...(error && { buildError: { message: error.message, code: error.code, location: errorPlace(error.location) } }),
  });
}

function errorPlace(location: SlipwayError["location"]): ReturnType<typeof place> | undefined {
  return location && place([location.span.startLine, location.span.endLine]);
}

function targetsText(targets: readonly Target[]): string {
  const rows = targets.map(({ name = "", default: isDefault, description = "" }) => [
    isDefault ? `${name} (default)`.trim() : name,
    description,
  ]);
  return table([["TARGET", "DESCRIPTION"], ...rows]);
}

function targetsJson(targets: readonly Target[], text: string): string {
  return json({
    targets: targets.map(({ lines, default: isDefault, ...rest }) => ({
      ...rest,
      default: isDefault || undefined,
      location: place(lines),
    })),
    sources: [base64(text)],
  });
}

function outlineText({ name, description, args, secrets, ssh }: Outline): string {
  const head = [
    ["TARGET:", name ?? "(default)"],
    ...(description === undefined ? [] : [["DESCRIPTION:", description]]),
  ];
  const argRows = args.map((arg) => [arg.name, arg.value ?? "", arg.description ?? ""]);
  const needed = (list: Outline["secrets"]) => list.map((one) => [one.name, one.required ? "true" : ""]);
  return [
    name === undefined && description === undefined ? "" : table(head),
    args.length === 0 ? "" : table([["BUILD ARG", "VALUE", "DESCRIPTION"], ...argRows]),
    secrets.length === 0 ? "" : table([["SECRET", "REQUIRED"], ...needed(secrets)]),
    ssh.length === 0 ? "" : table([["SSH", "REQUIRED"], ...needed(ssh)]),
  ]
    .filter(Boolean)
    .join("\n");
}

function outlineJson({ args, secrets, ssh, ...named }: Outline, text: string): string {
  const placed = <T extends { readonly lines: readonly [number, number] }>({ lines, ...rest }: T) => ({
    ...rest,
    location: place(lines),
  });
  const needed = (list: Outline["secrets"]) =>
    list.map((one) => ({ ...placed(one), required: one.required || undefined }));
  return json({
    ...named,
    args: args.length === 0 ? undefined : args.map(placed),
    secrets: secrets.length === 0 ? undefined : needed(secrets),
    ssh: ssh.length === 0 ? undefined : needed(ssh),
    sources: [base64(text)],
  });
}

/** A range for each line. */
function place([first, last]: readonly [number, number]) {
  return {
    ranges: Array.from({ length: last - first + 1 }, (_, at) => ({
      start: { line: first + at },
      end: { line: first + at },
    })),
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
