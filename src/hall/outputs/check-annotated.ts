import { formatPlatform, type Platform } from "../../oci/index.ts";
import { bad } from "./attributes.ts";
import type { Output } from "./output.ts";

/**
 * Throws SLIP_OUTPUT for an annotation that is for a platform which none of the images has: it would be on nothing.
 * @param platforms of the images, known before anything is built
 */
export function checkAnnotated(outputs: readonly Output[], platforms: readonly Platform[]): void {
  const there = platforms.map(formatPlatform);
  for (const output of outputs) {
    const all = "form" in output ? (output.form.annotations ?? []) : [];
    const odd = all.find(({ platform }) => platform !== undefined && !there.includes(platform));
    if (odd) {
      const hint = `what is built is for ${there.join(", ")}`;
      throw bad(`The annotation ${odd.key} is for ${odd.platform}, and no image is`, hint);
    }
  }
}
