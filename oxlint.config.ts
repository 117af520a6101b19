import { defineConfig, type OxlintOverride } from "oxlint";
import { below, doors, floors } from "./scripts/rooms.ts";

/** The imports that a file `depth` folders below its room's own folder may not make. */
function forbidden(room: string, depth: number): object {
  const src = room === "." ? "./" : "../".repeat(depth + 1);
  const open = below(room)
    .filter((other) => other !== ".")
    .flatMap((other) => doors(other).map((door) => `!${src}${other}/${door}`));
  return {
    group: [room === "." ? "./*/**" : `${src}**`, ...open, ...(room === "cli" ? [`!${src}*.ts`] : [])],
    message: `The room ${room} may import only from lower floors, through their doors (scripts/rooms.ts).`,
  };
}

const boundaries = floors.flat().flatMap((room): readonly OxlintOverride[] =>
  (room === "." ? [0] : [0, 1, 2]).map((depth) => ({
    files: [room === "." ? "src/*.ts" : `src/${room}/${"*/".repeat(depth)}*.ts`],
    excludeFiles: ["**/*.test.ts", "**/*.cases.ts", "**/*.test-d.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: [forbidden(room, depth)] }] },
  })),
);

export default defineConfig({
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: "error" },
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import", "promise", "node", "vitest"],
  categories: { correctness: "error", suspicious: "error", perf: "error" },
  env: { node: true, es2024: true },
  ignorePatterns: ["dist", "node_modules"],
  rules: {
    // Asked for beyond the categories.
    "import/no-cycle": ["error", { ignoreTypes: true }],
    "import/no-default-export": "error",
    "import/no-self-import": "error",
    "typescript/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
    "typescript/no-explicit-any": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/only-throw-error": "error",
    "typescript/prefer-readonly": "error",
    "typescript/prefer-promise-reject-errors": "error",
    "typescript/return-await": ["error", "in-try-catch"],
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "typescript/no-unnecessary-condition": "off",
    "unicorn/prefer-node-protocol": "error",
    eqeqeq: "error",
    "no-console": "error",
    "no-var": "error",
    "prefer-const": "error",

    // Work in order is what most loops here are about: steps, layers, entries.
    "no-await-in-loop": "off",
    // A changed copy of a few objects is clearer than one changed in place.
    "oxc/no-map-spread": "off",
    "vitest/no-conditional-expect": "off",
    "typescript/consistent-return": "off",
    "typescript/no-unnecessary-type-parameters": "off",
    // Sorting one's own fresh array in place is meant.
    "unicorn/no-array-sort": "off",
    "unicorn/no-array-reverse": "off",
    // Made for windows of a browser; worker threads have no target origin.
    "unicorn/require-post-message-target-origin": "off",
    // Parsed documents and structured-cloned messages are narrowed by a check beside the assertion.
    "typescript/no-unsafe-type-assertion": "off",
    // Modules that are run (engine, workers, command) are imported for their effect.
    "import/no-unassigned-import": "off",
    "no-underscore-dangle": "off",
    // Names are told apart by their scope; the compiler reports what is unused.
    "no-shadow": "off",
    // Regular expressions over bytes of names and terminals mean their control characters.
    "no-control-regex": "off",
    "unicorn/no-array-for-each": "off",
    "unicorn/consistent-function-scoping": "off",
  },
  overrides: [
    ...boundaries,
    {
      files: ["src/cli/**/*.ts", "scripts/**", "bench/**", "test/differential/main.ts"],
      rules: { "no-console": "off" },
    },
    { files: ["*.config.ts"], rules: { "import/no-default-export": "off" } },
    {
      files: ["**/*.test.ts", "test/**"],
      rules: {
        "vitest/no-conditional-tests": "off",
        "vitest/require-mock-type-parameters": "off",
        "vitest/no-standalone-expect": "off",
        "vitest/valid-title": "off",
        "vitest/expect-expect": "off",
      },
    },
  ],
});
