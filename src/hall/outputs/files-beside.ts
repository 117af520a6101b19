import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SlipwayError } from "../../base/index.ts";
import { formatPlatform } from "../../oci/index.ts";
import type { ImageRecord } from "../../store/index.ts";

/** Files that an output of files has beside those of the image: attestations. The root is the image's, mounted. */
export type FilesBeside = (
  image: ImageRecord,
  root: string,
) => Promise<readonly { readonly name: string; readonly bytes: Uint8Array }[]>;

/** How an output wants them. */
export interface BesideOptions {
  readonly files: FilesBeside;
  /** Before each name. */
  readonly prefix: string;
  /** The platform goes into each name: several images lie in one folder. */
  readonly named: boolean;
}

/**
 * Writes the files of an image into a folder.
 * @returns false when there are none.
 * Throws SLIP_OUTPUT where the image has a file of that name.
 */
export async function writeBeside(
  image: ImageRecord,
  root: string,
  folder: string,
  { files, prefix, named }: BesideOptions,
): Promise<boolean> {
  const all = await files(image, root);
  for (const { name, bytes } of all) {
    const platform = formatPlatform(image.config).replaceAll("/", "_");
    const whole = prefix + (named ? name.replace(/\.[^.]*$/, (ending) => `.${platform}${ending}`) : name);
    if (existsSync(join(root, whole))) {
      throw new SlipwayError({
        code: "SLIP_OUTPUT",
        message: `Cannot write the attestation ${whole}: the image has a file of that name`,
        hint: "add attestation-prefix=NAME- to the output",
      });
    }
    writeFileSync(join(folder, whole), bytes, { mode: 0o600 });
  }
  return all.length > 0;
}
