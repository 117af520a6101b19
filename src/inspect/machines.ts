/** e_machine of what each architecture of an image runs by itself. */
export const machines: Readonly<Record<string, readonly number[]>> = {
  amd64: [62, 3],
  386: [3],
  arm64: [183, 40],
  arm: [40],
  ppc64le: [21],
  s390x: [22],
  riscv64: [243],
  loong64: [258],
};

const names: Readonly<Record<number, string>> = {
  3: "386",
  21: "ppc64",
  22: "s390x",
  40: "arm",
  62: "amd64",
  183: "arm64",
  243: "riscv64",
  258: "loong64",
};

/** What images call a machine, or its number (elf(5), e_machine). */
export function machineName(machine: number): string {
  return names[machine] ?? `machine ${machine}`;
}
