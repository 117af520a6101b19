import type { Rule } from "./contract.ts";

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
  instruction: ({ instruction, about, scope }, report) => {
    if (instruction.kind !== "arg" && instruction.kind !== "env") return;
    const words =
      instruction.kind === "arg"
        ? instruction.args.map(({ name }) => ({ name: name.text, span: name.span }))
        : instruction.pairs.map(({ name }) => ({ name: scope.expand(name).text ?? "", span: name.span }));
    for (const { name, span } of words) {
      if (!looksSecret(name)) continue;
      const keyword = instruction.keyword.text.toUpperCase();
      const message = `${keyword} ${name} may hold a secret, and stays in the image: use RUN --mount=type=secret`;
      report(about, message, about === instruction ? span : undefined);
    }
  },
};

function looksSecret(name: string): boolean {
  const words = name.toLowerCase().split("_");
  return words.some((word) => secret.has(word)) && !words.some((word) => harmless.has(word));
}
