import { expect, test } from "vitest";
import { parsePlatform } from "../../oci/index.ts";
import { checkAnnotated } from "./check-annotated.ts";
import { readOutputs } from "./read-outputs.ts";

const outputs = (platform: string) =>
  readOutputs({ outputs: [{ type: "oci", dest: "o", attributes: { [`annotation[${platform}].k`]: "v" } }] });

test("an annotation for a platform that no image has is refused", () => {
  const built = ["linux/amd64", "linux/arm64"].map(parsePlatform);
  expect(() => checkAnnotated(outputs("linux/s390x"), built)).toThrow(
    expect.objectContaining({
      code: "SLIP_OUTPUT",
      message: "The annotation k is for linux/s390x, and no image is",
      hint: "what is built is for linux/amd64, linux/arm64",
    }),
  );
});

test.each(["linux/amd64", "linux/arm64/v8", "linux/aarch64"])("one for %s is on its image", (platform) => {
  expect(() => checkAnnotated(outputs(platform), ["linux/amd64", "linux/arm64"].map(parsePlatform))).not.toThrow();
});
