import { SlipwayError, type SourceLocation } from "../base/index.ts";
import { formatPlatform, type Platform } from "../oci/index.ts";
import type { PlannedImage, PlanOptions } from "./contract.ts";

/** An image that an instruction names. */
export interface ImageRequest {
  /** What is resolved: a named context may stand in its place. */
  readonly reference: string;
  /** As the Dockerfile has it. */
  readonly asked: string;
  readonly platform: Platform;
  readonly location: SourceLocation;
  /** What else the name may have meant. */
  readonly nearest?: (() => string | undefined) | undefined;
}

/** The images of one plan: each is resolved once. */
export class ImagePool {
  readonly #resolveImage: PlanOptions["resolveImage"];
  readonly #inputs: PlanOptions["inputs"];
  readonly #images = new Map<string, Promise<PlannedImage>>();
  readonly #origins = new Map<string, string>();

  constructor({ resolveImage, inputs }: Pick<PlanOptions, "resolveImage" | "inputs">) {
    this.#resolveImage = resolveImage;
    this.#inputs = inputs;
  }

  /** Where the images came from, by the names in the Dockerfile. */
  get origins(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#origins);
  }

  /** Throws what resolveImage throws, with the place of the instruction. */
  image(request: ImageRequest): Promise<PlannedImage> {
    this.#inputs?.image(request.reference, request.platform, request.location);
    const key = `${request.reference} ${formatPlatform(request.platform)}`;
    let found = this.#images.get(key);
    if (!found) {
      found = this.#resolve(request);
      found.catch(() => undefined);
      this.#images.set(key, found);
    }
    return found;
  }

  async #resolve({ reference, asked, platform, location, nearest }: ImageRequest): Promise<PlannedImage> {
    try {
      const image = await this.#resolveImage(reference, platform);
      this.#origins.set(asked, image.origin);
      return image;
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error;
      // What else the name may have meant is of use where nobody knows it, and beside the point where the image is broken.
      const guess = error.code === "SLIP_IMAGE_UNKNOWN" ? nearest?.() : undefined;
      const hint = [error.hint, guess].filter(Boolean).join("; ") || undefined;
      throw new SlipwayError({ ...error.toJSON(), hint, location: error.location ?? location, cause: error });
    }
  }
}
