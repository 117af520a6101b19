import { cpSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, measure, type Measured } from "./measure.ts";
import type { Row } from "./table.ts";

/**
 * Bases made from the Debian archive. fetched: the archive's indexes are in an otherwise empty store, its packages are brought from the mirror that
 * this machine uses; store: the store has indexes and packages, the image was removed.
 */
export const baseVariants = ["fetched", "store"] as const;

export const baseCases = ["static", "cc", "python3"].map((base) => ({
  name: `base-${base}`,
  title: `${base} base of trixie`,
  base,
}));

/** @param program the command to measure, when it is not this repository's. */
export async function measureBase(
  { base, ...own }: (typeof baseCases)[number],
  { dir, runs, program }: { readonly dir: string; readonly runs: number; readonly program: string | undefined },
): Promise<readonly Row[]> {
  const [warm, empty] = [join(dir, "bases-warm"), join(dir, "bases-fetched")];
  const slipway = (root: string, ...args: readonly string[]): Command => ({
    argv: [program ?? resolve(import.meta.dirname, "../bin/slipway"), ...args],
    env: { SLIPWAY_ROOT: root },
  });
  const tag = "bench-base";
  const make = (root: string): Promise<Measured> => measure(slipway(root, "base", "build", base, "-q", "-t", tag));
  const forget = (): Promise<Measured> => measure(slipway(warm, "rm", tag, `gcr.io/distroless/${base}-debian13`));
  await make(warm);
  const results = baseVariants.map((variant) => ({ variant, measured: [] as Measured[] }));
  for (let run = 0; run < runs; run++) {
    for (const { variant, measured } of results) {
      if (variant === "store") await forget();
      else {
        rmSync(empty, { recursive: true, force: true });
        for (const part of ["debian/indexes", "debian/releases"]) {
          cpSync(join(warm, part), join(empty, part), { recursive: true });
        }
      }
      const one = await make(variant === "store" ? warm : empty);
      measured.push(one);
      console.error(`  slipway ${variant} ${one.seconds.toFixed(3)} s, ${(one.peak / 1e6).toFixed(0)} MB`);
    }
  }
  await forget();
  rmSync(empty, { recursive: true, force: true });
  return results.map(({ variant, measured }) => ({
    case: own,
    variant,
    cells: [{ builder: "slipway", runs: measured }],
  }));
}
