import { asWord, type InstructionParser } from "../instruction-source.ts";

/** Section "EXPOSE". */
export const parseExpose: InstructionParser<"expose"> = (source) => {
  source.flags();
  const ports = source.args.blankSeparated().map((word) => word.word());
  if (ports.length === 0)
    throw source.fault("EXPOSE requires at least one argument", "write EXPOSE 8080 or EXPOSE 53/udp");
  return { ports };
};

/** Section "VOLUME": words, or a JSON array. */
export const parseVolume: InstructionParser<"volume"> = (source) => {
  source.flags();
  const list = source.jsonList();
  const paths = list === undefined ? source.args.blankSeparated().map((word) => word.word()) : list.map(asWord);
  if (paths.length === 0) throw source.fault("VOLUME requires at least one argument", "write VOLUME /path");
  const empty = paths.find(({ text }) => text === "");
  if (empty !== undefined) throw source.fault("VOLUME cannot be an empty string", "write VOLUME /path", empty.span);
  return { paths };
};

/** Section "SHELL": a JSON array only. */
export const parseShell: InstructionParser<"shell"> = (source) => {
  source.flags();
  const hint = 'write SHELL ["/bin/sh", "-c"]';
  const args = source.jsonList();
  if (args === undefined) throw source.fault("SHELL requires the arguments to be in JSON form", hint);
  if (args.length === 0) throw source.fault("SHELL requires at least one argument", hint);
  return { args };
};
