/** Megabytes of a million bytes: a tar of all files, the tar after `gzip -9`, after `zstd -19`. */
export interface Sizes {
  readonly tar: number;
  readonly gzip: number;
  readonly zstd: number;
}

interface Largest {
  readonly name: string;
  readonly suite: "bookworm" | "trixie";
  /** Debian's, as names of images have it. */
  readonly number: 12 | 13;
  /** What it may have at most; undefined where nothing was measured. */
  readonly most?: Sizes | undefined;
}

const sizes = (tar: number, gzip: number, zstd: number): Sizes => ({ tar, gzip, zstd });
const bookworm = (name: string, most?: Sizes): Largest => ({ name, suite: "bookworm", number: 12, most });
const trixie = (name: string, most?: Sizes): Largest => ({ name, suite: "trixie", number: 13, most });

/** The sizes of the same packages with all their files, for amd64, measured in August 2026 before slipway made any. */
export const largestSizes: readonly Largest[] = [
  bookworm("static", sizes(3.1, 0.73, 0.51)),
  bookworm("base-nossl"),
  bookworm("base", sizes(22.1, 8.2, 5.7)),
  bookworm("cc", sizes(25, 9.2, 6.5)),
  bookworm("python3", sizes(55.1, 19.6, 15)),
  bookworm("java-base"),
  bookworm("java17", sizes(228, 82, 60)),
  bookworm("nodejs", sizes(117.9, 40.8, 30.3)),
  trixie("static", sizes(3.4, 0.87, 0.54)),
  trixie("base-nossl"),
  trixie("base", sizes(25.7, 9.5, 6.7)),
  trixie("cc", sizes(29, 10.7, 7.7)),
  trixie("python3", sizes(61.7, 22.4, 17.1)),
  trixie("java-base"),
  trixie("java21", sizes(238, 81, 57)),
  trixie("java25"),
  trixie("nodejs", sizes(134.5, 46.2, 34.4)),
];
