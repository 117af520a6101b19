import { nearestNames } from "../../base/index.ts";
import type { Expansion } from "./stage-scope.ts";
import type { FromVisit, Report, Rule } from "./contract.ts";
import { isImageName } from "./image-name.ts";

export const undefinedArgInFrom: Rule = {
  name: "UndefinedArgInFrom",
  detail: "FROM uses only arguments that ARG declares before the first FROM",
  from: (visit, report) => {
    const { from } = visit.stage;
    tellUndeclared(visit, visit.image, from.image.span, report);
    if (visit.platform) tellUndeclared(visit, visit.platform, from.platform?.span, report);
  },
};

function tellUndeclared(visit: FromVisit, { unset }: Expansion, span: Parameters<Report>[2], report: Report): void {
  for (const name of unset) {
    if (visit.declared.has(name)) continue;
    const [near] = nearestNames(name, visit.declared, 1);
    const guess = near === undefined ? "" : `: did you mean ${near}?`;
    report(visit.stage.from, `No ARG before the first FROM declares ${name}${guess}`, span);
  }
}

export const invalidDefaultArgInFrom: Rule = {
  name: "InvalidDefaultArgInFrom",
  detail: "FROM names an image even when no build arguments are given",
  from: ({ stage: { from }, defaultImage, image, isStage }, report) => {
    if (defaultImage === undefined || isStage || image.used.size + image.unset.size === 0) return;
    if (isImageName(defaultImage)) return;
    const empty = defaultImage === "" ? "nothing" : JSON.stringify(defaultImage);
    report(
      from,
      `With the defaults of its arguments, ${from.image.text} is ${empty}, which names no image`,
      from.image.span,
    );
  },
};
