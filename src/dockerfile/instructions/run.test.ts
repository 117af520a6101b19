import { expect, test } from "vitest";
import { parseDockerfile, shellScript } from "../index.ts";

function script(text: string): string {
  const [run] = parseDockerfile(text).instructions;
  if (run?.kind !== "run") throw new Error("another instruction");
  return shellScript(run);
}

test.each([
  ["RUN a \\\n b", "a  b"],
  ["RUN <<E\na\nE", "a\n"],
  ["RUN <<-E\n\ta\n\tE", "a\n"],
  ["RUN cat <<E > x\na\nE", "cat <<E > x\na\nE"],
  ["RUN cat <<-'E' 3<<F\n\ta\n\tE\nb\nF\n", "cat <<-'E' 3<<F\n\ta\nE\nb\nF"],
  ['RUN ["a"]', ""],
])("%j gives its shell %j", (text, expected) => {
  expect(script(text)).toBe(expected);
});
