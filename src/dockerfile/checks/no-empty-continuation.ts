import type { Rule } from "./contract.ts";

export const noEmptyContinuation: Rule = {
  name: "NoEmptyContinuation",
  detail: "No empty line stands between the lines of one instruction; docker is to refuse it one day",
  file: ({ dockerfile: { instructions, emptyContinuations } }, report) => {
    let at = 0;
    for (const empty of emptyContinuations) {
      while ((instructions[at + 1]?.span.start ?? Number.POSITIVE_INFINITY) < empty.start) at++;
      const within = instructions[at];
      if (within !== undefined) report(within, "An empty line stands within the instruction", empty);
    }
  },
};
