import { consistentInstructionCasing, fromAsCasing, stageNameCasing } from "./casing.ts";
import { jsonArgsRecommended, multipleInstructionsDisallowed } from "./commands.ts";
import type { Rule } from "./contract.ts";
import { copyIgnoredFile } from "./copy-ignored.ts";
import { invalidDefinitionDescription } from "./definition-description.ts";
import { exposeInvalidFormat, exposeProtoCasing } from "./expose.ts";
import { invalidDefaultArgInFrom, undefinedArgInFrom } from "./from-image.ts";
import { fromPlatformFlagConstDisallowed, invalidBaseImagePlatform, redundantTargetPlatform } from "./from-platform.ts";
import { noEmptyContinuation } from "./no-empty-continuation.ts";
import { legacyKeyValueFormat, maintainerDeprecated } from "./old-forms.ts";
import { secretsUsedInArgOrEnv } from "./secrets.ts";
import { duplicateStageName, reservedStageName } from "./stage-names.ts";
import { undefinedVar } from "./undefined-var.ts";
import { workdirRelativePath } from "./workdir.ts";

/** Every check, by BuildKit's names; docs/checks.md explains each. */
export const checkRules: readonly Rule[] = [
  consistentInstructionCasing,
  copyIgnoredFile,
  duplicateStageName,
  exposeInvalidFormat,
  exposeProtoCasing,
  fromAsCasing,
  fromPlatformFlagConstDisallowed,
  invalidBaseImagePlatform,
  invalidDefaultArgInFrom,
  invalidDefinitionDescription,
  jsonArgsRecommended,
  legacyKeyValueFormat,
  maintainerDeprecated,
  multipleInstructionsDisallowed,
  noEmptyContinuation,
  redundantTargetPlatform,
  reservedStageName,
  secretsUsedInArgOrEnv,
  stageNameCasing,
  undefinedArgInFrom,
  undefinedVar,
  workdirRelativePath,
];
