import { statSync } from "node:fs";
import { SlipwayError, toSlipwayError } from "../../base/index.ts";
import type { DistrolessChoice } from "../../debian/index.ts";

const registry = "gcr.io/distroless/";

/**
 * Whether what a base is asked for by means a file that describes it: a name that ends in .yaml or .yml or has a slash, or one of a file that lies here. A built-in
 * base comes before a file that is called like it, which `./python3` names.
 */
export async function isBaseFile(name: string): Promise<boolean> {
  if (/\.ya?ml$/i.test(name)) return true;
  if (name.startsWith(registry) && !isFile(name)) return false;
  if (name.includes("/")) return true;
  if (!isFile(name)) return false;
  const { isBuiltInName } = await import("../../debian/index.ts");
  return !isBuiltInName(name);
}

/**
 * The name that a built-in base has in Google's registry.
 * @throws SLIP_IMAGE_UNKNOWN for a name or version that the suite does not have, or that names no file either.
 */
export async function builtInReference(choice: DistrolessChoice): Promise<string> {
  const { distrolessReference, isBuiltInName } = await import("../../debian/index.ts");
  try {
    return distrolessReference(choice);
  } catch (cause) {
    if (isBuiltInName(choice.name)) throw cause;
    const { code, message, hint } = toSlipwayError(cause);
    throw new SlipwayError({
      code,
      message: `${message}, and no file of that name`,
      hint:
        (await commandFor(choice.name)) ?? `${hint ?? ""}; a base of your own is named by the file that describes it`,
      cause,
    });
  }
}

/** For `python3-debian12:nonroot`, with or without its registry: what makes just that. */
async function commandFor(name: string): Promise<string | undefined> {
  const { parseArchiveName } = await import("../../debian/index.ts");
  try {
    const image = parseArchiveName(name.startsWith(registry) ? name : `${registry}${name}`);
    if (image?.kind !== "distroless") return undefined;
    const variant = [...(image.debug ? ["debug"] : []), ...(image.nonroot ? ["nonroot"] : [])].join("-");
    const flags = [`--suite ${image.suite}`, variant && `--variant ${variant}`, image.arch && `--arch ${image.arch}`];
    return `that one is made by: slipway base build ${[image.name, ...flags.filter(Boolean)].join(" ")}`;
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    // A name that no file can have, or in a folder that may not be looked into.
    return false;
  }
}
