/** What each check of a result is about. docs/checks.md explains them. */
export const resultRules = {
  EntrypointNotFound: "The program that a container starts with is in the image",
  EntrypointNotExecutable: "The program that a container starts with can be executed by its user",
  EntrypointWrongArchitecture: "The program that a container starts with is for the image's architecture",
  InterpreterMissing: "The interpreter of the script that a container starts with is in the image",
  LoaderMissing: "The dynamic loader of the program that a container starts with is in the image",
  LibraryMissing: "The libraries of the program that a container starts with are in the image",
  UserUnknown: "The user that a container runs as is in the image's /etc/passwd, where it is a name",
  CertificatesMissing: "An image whose program talks TLS has the certificates to verify servers with",
  CompilerInFinalStage: "Compilers stay behind in the stage that needs them",
  PackageManagerInFinalStage: "Package managers stay behind in the stage that needs them",
} as const;

export type ResultRule = keyof typeof resultRules;

/** Rules whose findings may be on purpose: they are told as notes, and never end a build. */
export const noteRules: ReadonlySet<ResultRule> = new Set([
  "CertificatesMissing",
  "CompilerInFinalStage",
  "PackageManagerInFinalStage",
]);

/** What a check has to say about an image. */
export interface ResultFinding {
  readonly rule: ResultRule;
  /** What is the matter in this image. */
  readonly message: string;
  /** The part of the configuration that is at fault; the image as a whole without it. */
  readonly about: "command" | "user" | "image";
  /** What to do about it. */
  readonly hint?: string | undefined;
}
