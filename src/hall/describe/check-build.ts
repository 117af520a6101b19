import { type Ctx, SlipwayError } from "../../base/index.ts";
import {
  type BaseFacts,
  checkDockerfile,
  checkOptions,
  type Dockerfile,
  type Finding,
  formatLocation,
} from "../../dockerfile/index.ts";
import { defaultPlatform, formatPlatform, type ImageConfig, parsePlatform, type Platform } from "../../oci/index.ts";
import { platformArgs } from "../../plan/index.ts";
import type { BuildOptions } from "../api/api.ts";
import { namedContext } from "../input/named-context.ts";
import { builtFor } from "../bases/platforms.ts";

type CheckedOptions = Pick<BuildOptions, "target" | "buildArgs" | "buildContexts" | "platforms">;

interface CheckedBuild {
  readonly dockerfile: Dockerfile;
  readonly options: CheckedOptions;
  /** Lines of the ignore file of the main context. */
  readonly ignore: readonly string[];
  /** The configuration of an image, if it is at hand. */
  readonly configOf: (image: string, platform: Platform) => ImageConfig | undefined;
}

/**
 * What the build checks find in what a build is to make of its Dockerfile.
 * @param target a stage's name or number, whose needs alone are looked at; undefined for every stage.
 * @returns the findings, and the error that they are when the file wants them to be one.
 * Throws SLIP_DOCKERFILE for check options that cannot be read.
 */
export function checkBuild(
  { dockerfile, options, ignore, configOf }: CheckedBuild,
  target: string | undefined,
): { readonly findings: readonly Finding[]; readonly error: SlipwayError | undefined } {
  const { buildArgs = {}, buildContexts = {} } = options;
  const wanted = checkOptions(dockerfile, buildArgs);
  const contexts = new Map(Object.entries(buildContexts).map(([name, value]) => [name.toLowerCase(), value]));
  const checkFor = (platform: Platform): readonly Finding[] =>
    checkDockerfile(dockerfile, wanted, {
      buildArgs,
      platformArgs: platformArgs(defaultPlatform(), platform, options.target ?? "default"),
      ignore,
      target,
      namedContexts: new Set(contexts.keys()),
      base: (image, asked) => {
        const context = contexts.get(image.toLowerCase());
        const stood = context === undefined ? image : imageBehind(image, context);
        // A folder that stands for an image has no configuration.
        if (stood === undefined) return { env: [], shell: false, onbuild: [] };
        return factsOf(configOf(stood, readable(asked) ?? platform));
      },
    });
  // What holds for several platforms is told once.
  const told = builtFor(options.platforms).platforms.flatMap((platform) => checkFor(platform));
  const findings = [
    ...new Map(told.map((one) => [`${one.rule} ${one.location.span.startLine} ${one.message}`, one])).values(),
  ];
  return { findings, error: wanted.error && findings.length > 0 ? violation(findings) : undefined };
}

/** The image that a named context is. */
function imageBehind(name: string, context: string): string | undefined {
  if (!/^(?:docker-image|oci-layout):/.test(context)) return undefined;
  const found = namedContext(name, context);
  return found.type === "image" ? found.reference : undefined;
}

function readable(platform: string | undefined): Platform | undefined {
  try {
    return platform === undefined || platform === "" ? undefined : parsePlatform(platform);
  } catch {
    // The build itself says so.
    return undefined;
  }
}

function factsOf(image: ImageConfig | undefined): BaseFacts | undefined {
  if (image === undefined) return undefined;
  const { Env = [], Shell, OnBuild } = image.config ?? {};
  return { env: Env, shell: (Shell?.length ?? 0) > 0, onbuild: OnBuild ?? [], platform: formatPlatform(image) };
}

function violation(findings: readonly Finding[]): SlipwayError {
  const rules = [...new Set(findings.map(({ rule }) => rule))];
  return new SlipwayError({
    code: "SLIP_CHECK",
    message: `The build checks found ${rules.join(", ")}, and error=true makes that an error`,
    hint: "mend what is marked, or name the rule in # check=skip=RULE;error=true",
    location: findings[0]?.location,
  });
}

/** The stage that a build makes, as checks take it: the last one where none is named. */
function builtTarget({ instructions }: Dockerfile, target: string | undefined): string {
  return target || String(instructions.filter(({ kind }) => kind === "from").length - 1);
}

/**
 * Tells what the checks find as warnings of a build.
 * @returns the error to end with, when the file wants findings to be errors.
 */
export function tellFindings(build: CheckedBuild, ctx: Ctx): SlipwayError | undefined {
  const { findings, error } = checkBuild(build, builtTarget(build.dockerfile, build.options.target));
  for (const { rule, message, detail, location } of findings) {
    ctx.emit({
      type: "warning",
      code: rule,
      message,
      detail,
      line: location.span.startLine,
      endLine: location.span.endLine,
      excerpt: formatLocation(location),
    });
  }
  return error;
}
