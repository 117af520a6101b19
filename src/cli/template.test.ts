import { expect, test } from "vitest";
import { formatTemplate } from "./template.ts";

const image = { Id: "sha256:1", Size: 12, Config: { Env: ["A=b"], User: "" } };

test.each([
  ["{{.Id}}", "sha256:1"],
  ["{{ .Size }} bytes\\n", "12 bytes\n"],
  ["{{json .Config.Env}}", '["A=b"]'],
  ["{{.Config}}", '{"Env":["A=b"],"User":""}'],
  ["[{{.Config.User}}]", "[]"],
  ["{{json .}}", JSON.stringify(image)],
  ["no field", "no field"],
])("%s", (template, expected) => {
  expect(formatTemplate(template, image)).toBe(expected);
});

test("says which fields there are", () => {
  expect(() => formatTemplate("{{.Config.Nope}}", image)).toThrow(
    expect.objectContaining({ code: "SLIP_USAGE", hint: "there is: Env, User" }),
  );
  expect(() => formatTemplate("{{.constructor}}", image)).toThrow("No field constructor");
});

test("a template that needs Go is refused", () => {
  expect(() => formatTemplate("{{range .Config.Env}}x{{end}}", image)).toThrow(
    expect.objectContaining({ code: "SLIP_UNSUPPORTED" }),
  );
});
