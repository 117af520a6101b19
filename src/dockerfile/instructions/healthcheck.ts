import { parseGoDuration } from "../../base/index.ts";
import type { FlagReader } from "../flags.ts";
import type { InstructionParser, InstructionSource } from "../instruction-source.ts";

const known = {
  interval: "text",
  timeout: "text",
  "start-period": "text",
  "start-interval": "text",
  retries: "text",
} as const;

/** Section "HEALTHCHECK": `HEALTHCHECK [flags] CMD command` or `HEALTHCHECK NONE`. */
export const parseHealthcheck: InstructionParser<"healthcheck"> = (source) => {
  const flags = source.flags(known);
  const times = {
    interval: duration(source, flags, "interval"),
    timeout: duration(source, flags, "timeout"),
    startPeriod: duration(source, flags, "start-period"),
    startInterval: duration(source, flags, "start-interval"),
    retries: retries(source, flags),
  };
  const [type, rest] = source.args.blankSeparated(2);
  const hint = "write HEALTHCHECK CMD command, or HEALTHCHECK NONE";
  if (type === undefined) throw source.fault("HEALTHCHECK requires at least one argument", hint);
  switch (type.text.toUpperCase()) {
    case "NONE":
      if (rest !== undefined) throw source.fault("HEALTHCHECK NONE takes no arguments", hint, rest.span);
      return { test: undefined, ...times };
    case "CMD": {
      const test = rest === undefined ? undefined : source.command(rest);
      if (test === undefined || (test.form === "exec" && test.args.length === 0)) {
        throw source.fault("HEALTHCHECK CMD requires a command", hint);
      }
      return { test, ...times };
    }
    default:
      throw source.fault(`Unknown type ${JSON.stringify(type.text)} in HEALTHCHECK`, hint, type.span);
  }
};

const millisecond = 1_000_000;

function duration(source: InstructionSource, flags: FlagReader, name: keyof typeof known): number | undefined {
  const flag = flags.get(name);
  if (flag === undefined || flag.value === "") return undefined;
  const parsed = parseGoDuration(flag.value ?? "");
  if (parsed === undefined) {
    throw source.fault(
      `--${name} is no duration: ${JSON.stringify(flag.value)}`,
      "write 30s, 1m30s, 500ms",
      flag.valueSpan,
    );
  }
  if (parsed !== 0 && parsed < millisecond) {
    throw source.fault(`--${name} cannot be less than 1ms`, "write 0 for the default", flag.valueSpan);
  }
  return parsed;
}

function retries(source: InstructionSource, flags: FlagReader): number | undefined {
  const flag = flags.get("retries");
  if (flag === undefined || flag.value === "") return undefined;
  if (!/^\+?\d{1,9}$/.test(flag.value ?? "")) {
    throw source.fault(
      `--retries must be a number of 0 or more, not ${JSON.stringify(flag.value)}`,
      undefined,
      flag.valueSpan,
    );
  }
  return Number(flag.value);
}
