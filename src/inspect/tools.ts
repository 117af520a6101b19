/** What a program is, judged by its file name. */
export type ToolKind = "shell" | "package manager" | "compiler";

const names = (text: string): readonly string[] => text.trim().split(/\s+/);

const kinds: ReadonlyMap<string, ToolKind> = new Map(
  [
    ...names("sh ash bash dash rbash zsh rzsh ksh ksh93 mksh oksh lksh pdksh yash posh fish csh tcsh nu elvish pwsh"),
    ...names("busybox toybox"),
  ]
    .map((name): [string, ToolKind] => [name, "shell"])
    .concat(
      [
        ...names(
          "apt apt-get aptitude dpkg apk rpm yum dnf dnf5 microdnf tdnf zypper pacman opkg emerge xbps-install nix-env",
        ),
        ...names("snap flatpak brew conda mamba micromamba pip pip3 pipx uv npm npx yarn pnpm gem cargo composer"),
      ].map((name): [string, ToolKind] => [name, "package manager"]),
      names("go rustc javac tcc ghc ocamlopt swiftc zig nvcc kotlinc scalac fpc dmd ldc2 gdc nim crystal").map(
        (name): [string, ToolKind] => [name, "compiler"],
      ),
    ),
);

/** gcc-12, x86_64-linux-gnu-g++, clang++-14: the C family comes with a target before and a version behind. */
const cFamily =
  /^(?:[a-z0-9_]+-[a-z0-9_-]+-)?(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|gfortran|gccgo|gnat|c89|c99)(?:-\d+(?:\.\d+)*)?$/;

/** The kind of program that a file of this name is, if its name says so. */
export function toolKind(name: string): ToolKind | undefined {
  return kinds.get(name) ?? (cFamily.test(name) ? "compiler" : undefined);
}
