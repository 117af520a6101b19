import type { SourceSpan } from "../../base/index.ts";
import type { Report, Rule, Visit } from "./contract.ts";

const secret = new Set([
  "apikey",
  "auth",
  "credential",
  "credentials",
  "key",
  "password",
  "pword",
  "passwd",
  "secret",
  "token",
]);
/** With one of these words it is no secret: PUBLIC_KEY, PASSWORD_FILE, TOKEN_VERSION. */
const harmless = new Set(["public", "file", "version"]);

export const secretsUsedInArgOrEnv: Rule = {
  name: "SecretsUsedInArgOrEnv",
  detail: "ARG and ENV hold no secrets: both stay in the image and its history",
  instructions: {
    arg: (visit, report) => {
      for (const { name } of visit.instruction.args) tellSecret(name.text, name.span, visit, report);
    },
    env: (visit, report) => {
      for (const { name } of visit.instruction.pairs) {
        tellSecret(visit.scope.expand(name).text ?? "", name.span, visit, report);
      }
    },
  },
};

function tellSecret(name: string, span: SourceSpan, { instruction, about }: Visit, report: Report): void {
  if (!looksSecret(name)) return;
  const keyword = instruction.keyword.text.toUpperCase();
  const message = `${keyword} ${name} may hold a secret, and stays in the image: use RUN --mount=type=secret`;
  report(about, message, about === instruction ? span : undefined);
}

/** True for a name that people give to what nobody else may know. */
export function looksSecret(name: string): boolean {
  const words = name.toLowerCase().split("_");
  return words.some((word) => secret.has(word)) && !words.some((word) => harmless.has(word));
}
