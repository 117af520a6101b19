import { expect, test } from "vitest";
import { defaultPlatform, formatPlatform, type ImageConfig } from "../../oci/index.ts";
import { builtFor, ownImage } from "./platforms.ts";

const named = (given: readonly string[] | undefined): readonly string[] =>
  builtFor(given).platforms.map((platform) => formatPlatform(platform));
const own = formatPlatform(defaultPlatform());

test("platforms are given one by one or in lists, none counts twice, and `local` is this machine's", () => {
  expect(named(["linux/arm64, linux/arm", "linux/aarch64"])).toEqual(["linux/arm64", "linux/arm/v7"]);
  expect(named(["LOCAL"])).toEqual([own]);
  expect(builtFor(["local"]).given).toBe(true);
  expect(() => builtFor(["linux/arm64,sparkle"])).toThrow(expect.objectContaining({ code: "SLIP_USAGE" }));
});

test.each([undefined, [], [""], [" , "]])("%j asks for none: this machine's is built for", (given) => {
  expect(builtFor(given)).toEqual({ platforms: [defaultPlatform()], given: false });
});

test("of several images this machine's is taken, or else the first", () => {
  const image = (architecture: string): { readonly config: ImageConfig } => ({
    config: { os: "linux", architecture, rootfs: { type: "layers", diff_ids: [] } },
  });
  const [vax, mine] = [image("vax"), { config: { ...image("").config, ...defaultPlatform() } }];
  expect(ownImage([vax, mine])).toBe(mine);
  expect(ownImage([vax, image("pdp")])).toBe(vax);
});
