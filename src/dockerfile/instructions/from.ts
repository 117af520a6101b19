import type { InstructionParser } from "../instruction-source.ts";

/** Section "FROM": `FROM [--platform=P] IMAGE [AS NAME]`. The name is checked by `stages()`. */
export const parseFrom: InstructionParser<"from"> = (source) => {
  const platform = source.flags({ platform: "text" }).word("platform");
  const [image, as, name, ...more] = source.args.blankSeparated();
  const hint = "write FROM IMAGE or FROM IMAGE AS NAME";
  if (image === undefined) throw source.fault("FROM requires an image", hint);
  if (as === undefined) return { image: image.word(), as: undefined, platform };
  if (as.text.toLowerCase() !== "as" || name === undefined || more.length > 0) {
    throw source.fault("FROM requires either one or three arguments", hint, source.args.span);
  }
  return { image: image.word(), as: name.token(), platform };
};
