import type { InstructionParser } from "../instruction-source.ts";

/** Section "USER". */
export const parseUser: InstructionParser<"user"> = (source) => {
  source.flags();
  return { user: source.single("write USER name, USER name:group or USER 1000:1000") };
};

/** Section "WORKDIR". Blanks belong to the path. */
export const parseWorkdir: InstructionParser<"workdir"> = (source) => {
  source.flags();
  return { path: source.single("write WORKDIR /path") };
};

/** Section "STOPSIGNAL". */
export const parseStopsignal: InstructionParser<"stopsignal"> = (source) => {
  source.flags();
  return { signal: source.single("write STOPSIGNAL SIGTERM or STOPSIGNAL 15") };
};

/** Section "MAINTAINER (deprecated)". */
export const parseMaintainer: InstructionParser<"maintainer"> = (source) => {
  source.flags();
  const { text, span } = source.single("write LABEL org.opencontainers.image.authors=NAME instead");
  return { maintainer: { text, span } };
};
