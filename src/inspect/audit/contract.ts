/** What the audit of a base looked at and found. Paths are absolute in the base. */
export interface AuditReport {
  /** Programs and libraries whose needs were looked up. */
  readonly programs: number;
  /** Files with an interpreter line that may be executed. */
  readonly scripts: number;
  /** Symbolic links. */
  readonly links: number;
  /** Packages that scanners see. */
  readonly packages: number;
  /** Sorted by file. */
  readonly findings: readonly AuditFinding[];
  /** What would be a finding but for a rule of `allowances`: the rule's reason, and how often. */
  readonly allowed: readonly { readonly reason: string; readonly files: readonly string[] }[];
}

export type AuditFinding =
  /** A library that a program or library needs is not where its loader looks. */
  | {
      readonly kind: "library";
      readonly file: string;
      readonly needs: string;
      /** Where there is one of that name. */
      readonly elsewhere?: string | undefined;
    }
  /** The dynamic loader that a program asks for. */
  | { readonly kind: "loader"; readonly file: string; readonly needs: string }
  /** The interpreter of a script. */
  | { readonly kind: "interpreter"; readonly file: string; readonly needs: string }
  /** What a link leads to. */
  | { readonly kind: "link"; readonly file: string; readonly needs: string }
  /** A program for another machine. */
  | { readonly kind: "machine"; readonly file: string; readonly needs: string }
  /** A program that is cut off or makes no sense. */
  | { readonly kind: "damaged"; readonly file: string }
  /** What scanners read, and cannot. */
  | { readonly kind: "status"; readonly file: string; readonly needs: string };

export interface AuditJob {
  /** The base's files, mounted. */
  readonly root: string;
  /** As images name it: `amd64`. */
  readonly architecture: string;
  /** Of the image: PATH and LD_LIBRARY_PATH count. */
  readonly env: readonly string[];
  /** The name of a built-in base (`python3`), whose recipe leaves out some things on purpose. */
  readonly base?: string | undefined;
}
