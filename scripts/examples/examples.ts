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
