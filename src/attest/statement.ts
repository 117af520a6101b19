/** Predicate types: in-toto attestation, predicates/spdx.md and cyclonedx.md; SLSA, provenance/v1. */
export const predicateTypes = {
  "spdx-json": "https://spdx.dev/Document",
  "cyclonedx-json": "https://cyclonedx.org/bom",
  provenance: "https://slsa.dev/provenance/v1",
} as const;

/** What a statement is about: an image under a name, or a file. */
export interface StatementSubject {
  readonly name: string;
  /** Algorithm -> hexadecimal digits. */
  readonly digest: Readonly<Record<string, string>>;
}

/** Something that is said of an image, before it is known what the image is called and what its digest is. */
export interface Claim {
  readonly predicateType: string;
  readonly predicate: object;
}

/** An in-toto statement (in-toto attestation v1, spec/v1/statement.md): a claim about subjects. */
export function statement({ predicateType, predicate }: Claim, subject: readonly StatementSubject[]): object {
  return { _type: "https://in-toto.io/Statement/v1", subject, predicateType, predicate };
}
