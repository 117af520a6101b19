import type { Rule } from "./contract.ts";

const reserved = new Set(["context", "scratch"]);

export const duplicateStageName: Rule = {
  name: "DuplicateStageName",
  detail: "No two stages have the same name",
  file: ({ staged }, report) => {
    const names = new Set<string>();
    for (const { name, from } of staged?.stages ?? []) {
      if (name === undefined) continue;
      if (names.has(name)) {
        report(from, `There is a stage ${name} before: from here on its name means this one`, from.as?.span);
      }
      names.add(name);
    }
  },
};

export const reservedStageName: Rule = {
  name: "ReservedStageName",
  detail: "No stage is named scratch or context, which mean something else",
  file: ({ staged }, report) => {
    for (const { name, from } of staged?.stages ?? []) {
      if (name !== undefined && reserved.has(name)) {
        report(from, `The stage name ${name} is reserved`, from.as?.span);
      }
    }
  },
};
