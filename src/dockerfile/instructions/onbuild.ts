import type { InstructionParser } from "../instruction-source.ts";

/** Section "ONBUILD". The trigger is parsed like any instruction; FROM, MAINTAINER and ONBUILD cannot be triggers. */
export const parseOnbuild: InstructionParser<"onbuild"> = (source) => {
  source.flags();
  const [keyword] = source.args.blankSeparated(2);
  const hint = "write ONBUILD INSTRUCTION arguments";
  if (keyword === undefined) throw source.fault("ONBUILD requires at least one argument", hint);
  const name = keyword.text.toUpperCase();
  if (name === "ONBUILD") throw source.fault("Chaining ONBUILD via ONBUILD ONBUILD is not allowed", hint, keyword.span);
  if (name === "FROM" || name === "MAINTAINER") {
    throw source.fault(`${name} is not allowed as an ONBUILD trigger`, hint, keyword.span);
  }
  const trigger = source.parseTrigger();
  const expression = trigger.heredocs.reduce((text, { raw, name: end }) => `${text}\n${raw}${end}`, trigger.text);
  return { trigger, expression };
};
