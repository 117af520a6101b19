import { type BuildEvent, SlipwayError } from "../base/index.ts";

const sbomOfImage = "an SBOM of slipway tells of the image alone, not of other stages and of the context";

/** Build arguments that are heard without an ARG (Dockerfile reference, "BuildKit built-in build args"); with the reason, those that change nothing here. */
const builtIn = {
  BUILDKIT_BUILD_NAME: "slipway keeps no list of builds that a name could stand in",
  BUILDKIT_CACHE_MOUNT_NS: undefined,
  BUILDKIT_CONTEXT_KEEP_GIT_DIR: undefined,
  BUILDKIT_DOCKERFILE_CHECK: undefined,
  BUILDKIT_HISTORY_PROVENANCE_V1: "slipway keeps no history of builds; its provenance is always SLSA v1",
  BUILDKIT_INLINE_CACHE: "the cache lives in the store, never in an image",
  BUILDKIT_MULTI_PLATFORM: "one platform gives one image, and files without a folder of their platform",
  BUILDKIT_SANDBOX_HOSTNAME: undefined,
  BUILDKIT_SBOM_SCAN_CONTEXT: sbomOfImage,
  BUILDKIT_SBOM_SCAN_STAGE: sbomOfImage,
  BUILDKIT_SYNTAX: undefined,
  SOURCE_DATE_EPOCH: undefined,
} as const;

export function isBuiltIn(name: string): boolean {
  return Object.hasOwn(builtIn, name);
}

/** The value of a built-in argument; an empty one counts as none. */
export function builtInArg(
  buildArgs: Readonly<Record<string, string>>,
  name: keyof typeof builtIn,
): string | undefined {
  return (Object.hasOwn(buildArgs, name) && buildArgs[name]) || undefined;
}

/**
 * Tells of built-in arguments that were given and change nothing here.
 * Throws SLIP_UNSUPPORTED for a BUILDKIT_SYNTAX that names another language than the Dockerfile's.
 */
export function builtInNotes(
  buildArgs: Readonly<Record<string, string>>,
): readonly Extract<BuildEvent, { type: "warning" }>[] {
  const syntax = builtInArg(buildArgs, "BUILDKIT_SYNTAX");
  if (
    syntax !== undefined &&
    !/^(dockerfile\.v0|(docker\.io\/)?docker\/dockerfile(-upstream)?([:@].*)?)$/.test(syntax)
  ) {
    throw new SlipwayError({
      code: "SLIP_UNSUPPORTED",
      message: `The frontend ${JSON.stringify(syntax)} of BUILDKIT_SYNTAX is not supported`,
      hint: "slipway reads Dockerfiles by itself; images that read other languages are not run",
    });
  }
  return Object.entries(builtIn).flatMap(([name, why]) => {
    const value = builtInArg(buildArgs, name as keyof typeof builtIn);
    if (why === undefined || value === undefined || /^(0|f|false)$/i.test(value)) return [];
    return [{ type: "warning", message: `The build argument ${name} does nothing: ${why}` }];
  });
}
