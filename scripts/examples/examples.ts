/** The calculator in one language on one base: a folder of examples/ with a Dockerfile.single beside the Dockerfile of several stages. */
export interface Calculator {
  readonly language: string;
  readonly folder: string;
  /** The one of several stages: `test` runs its tests, `package` is what ships. */
  readonly dockerfile: string;
  /** What the stage `package` stands on. */
  readonly base: string;
}

/** A program that asks an HTTPS server from the same base and tells what it finds in its image. */
export interface Client {
  readonly language: string;
  readonly folder: string;
}

const distroless = (name: string): string => `gcr.io/distroless/${name}-debian12:nonroot`;

export const calculators: readonly Calculator[] = [
  { language: "Go", folder: "calculator-go", dockerfile: "Dockerfile", base: "scratch" },
  { language: "Go", folder: "calculator-go", dockerfile: "Dockerfile.static", base: distroless("static") },
  { language: "C++", folder: "calculator-cpp", dockerfile: "Dockerfile", base: distroless("cc") },
  { language: "Python", folder: "calculator-python", dockerfile: "Dockerfile", base: distroless("python3") },
  { language: "TypeScript", folder: "calculator-typescript", dockerfile: "Dockerfile", base: distroless("nodejs18") },
  { language: "Java", folder: "calculator-java", dockerfile: "Dockerfile", base: distroless("java17") },
];

export const clients: readonly Client[] = [
  { language: "Go", folder: "https-client-go" },
  { language: "C++", folder: "https-client-cpp" },
  { language: "Python", folder: "https-client-python" },
  { language: "TypeScript", folder: "https-client-typescript" },
  { language: "Java", folder: "https-client-java" },
];

/** What every calculator is asked, and the whole of what it must say. */
export const conversation = {
  typed: [
    "1 + 2",
    "-7 / 2",
    "9223372036854775807 + 0",
    "4611686018427387904 * 2",
    "9223372036854775808 - 1",
    "1 / 0",
    "two + 2",
    "1 % 2",
    "",
    "1+2",
    "exit",
  ],
  said: [
    "Type a sum such as 1 + 2 (operators + - * /), or exit.",
    "> Result: 3",
    "> Result: -3",
    "> Result: 9223372036854775807",
    "> Error: the result does not fit into 64 bits",
    "> Error: 9223372036854775808 does not fit into 64 bits",
    "> Error: division by zero",
    '> Error: "two" is not a whole number',
    '> Error: unknown operator "%": use + - * or /',
    '> > Error: expected <int> <op> <int> with spaces between, such as 1 + 2, got "1+2"',
    "> Goodbye.",
  ],
} as const;
