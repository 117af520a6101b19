import type { Rule } from "./contract.ts";

export const workdirRelativePath: Rule = {
  name: "WorkdirRelativePath",
  detail: "The first WORKDIR is an absolute path: a relative one changes with the base image",
  instructions: {
    workdir: ({ instruction, about, scope }, report) => {
      if (scope.hasWorkdir) return;
      const path = scope.expand(instruction.path).text;
      if (path === undefined || path.startsWith("/")) return;
      report(about, `Where WORKDIR ${path} leads depends on the base image: begin with an absolute path`);
    },
  },
};
