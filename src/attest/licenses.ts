import { sha256 } from "../base/index.ts";

/**
 * Identifiers of the SPDX licence list that packages name often. One that is missing here is no error: it is written as a reference of the
 * document's own, with the text that was found.
 */
const known = new Map(
  `0BSD AFL-2.1 AFL-3.0 AGPL-1.0-only AGPL-1.0-or-later AGPL-3.0-only AGPL-3.0-or-later APSL-2.0 Apache-1.0 Apache-1.1 Apache-2.0 Artistic-1.0
  Artistic-1.0-Perl Artistic-1.0-cl8 Artistic-2.0 BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent BSD-3-Clause BSD-3-Clause-Attribution
  BSD-3-Clause-Clear BSD-3-Clause-LBNL BSD-4-Clause BSD-4-Clause-UC BSD-Source-Code BSL-1.0 BlueOak-1.0.0 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0
  CC-BY-SA-4.0 CC0-1.0 CDDL-1.0 CDDL-1.1 CECILL-2.0 CECILL-2.1 CECILL-B CECILL-C CPL-1.0 ClArtistic ECL-2.0 EFL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1
  EUPL-1.2 FSFAP FSFUL FSFULLR FTL GFDL-1.1-only GFDL-1.1-or-later GFDL-1.2-only GFDL-1.2-or-later GFDL-1.3-only GFDL-1.3-or-later
  GPL-1.0-only GPL-1.0-or-later GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later HPND HPND-sell-variant ICU IJG IPA IPL-1.0 ISC
  JSON LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later Latex2e Libpng LPPL-1.3c MIT MIT-0
  MIT-CMU MIT-Modern-Variant MPL-1.0 MPL-1.1 MPL-2.0 MPL-2.0-no-copyleft-exception MS-PL MS-RL MirOS NCSA NTP OFL-1.0 OFL-1.1 OLDAP-2.8
  OpenSSL OSL-2.1 OSL-3.0 PHP-3.01 PSF-2.0 PostgreSQL Python-2.0 Python-2.0.1 QPL-1.0 Ruby SGI-B-2.0 SISSL Sleepycat SMLNJ SSH-OpenSSH
  Spencer-94 TCL TCP-wrappers UPL-1.0 Unicode-3.0 Unicode-DFS-2015 Unicode-DFS-2016 Unlicense Vim W3C W3C-20150513 WTFPL Watcom-1.0 X11
  XFree86-1.1 Xnet ZPL-2.0 ZPL-2.1 Zlib blessing bzip2-1.0.6 curl libtiff xpp zlib-acknowledgement`
    .trim()
    .split(/\s+/)
    .map((id) => [id.toLowerCase(), id] as const),
);
const exceptions = new Map(
  `Autoconf-exception-2.0 Autoconf-exception-3.0 Bison-exception-2.2 Classpath-exception-2.0 Font-exception-2.0 GCC-exception-2.0 GCC-exception-3.1
  LLVM-exception Linux-syscall-note Libtool-exception OCaml-LGPL-linking-exception Qt-LGPL-exception-1.1 u-boot-exception-2.0`
    .trim()
    .split(/\s+/)
    .map((id) => [id.toLowerCase(), id] as const),
);
/** Identifiers that the list no longer has, and what Debian's copyright files and older tools write for the same (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/). */
const aliases = new Map(
  Object.entries({
    expat: "MIT",
    "agpl-3.0": "AGPL-3.0-only",
    "gfdl-1.3": "GFDL-1.3-only",
    "gpl-1.0": "GPL-1.0-only",
    "gpl-2.0": "GPL-2.0-only",
    "gpl-2.0+": "GPL-2.0-or-later",
    "gpl-3.0": "GPL-3.0-only",
    "gpl-3.0+": "GPL-3.0-or-later",
    "lgpl-2.0": "LGPL-2.0-only",
    "lgpl-2.0+": "LGPL-2.0-or-later",
    "lgpl-2.1": "LGPL-2.1-only",
    "lgpl-2.1+": "LGPL-2.1-or-later",
    "lgpl-3.0": "LGPL-3.0-only",
    "lgpl-3.0+": "LGPL-3.0-or-later",
    "bsd-2-clause": "BSD-2-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "mit license": "MIT",
    "the mit license": "MIT",
    "isc license": "ISC",
    "gpl-1": "GPL-1.0-only",
    "gpl-1+": "GPL-1.0-or-later",
    "gpl-2": "GPL-2.0-only",
    "gpl-2+": "GPL-2.0-or-later",
    "gpl-3": "GPL-3.0-only",
    "gpl-3+": "GPL-3.0-or-later",
    "lgpl-2": "LGPL-2.0-only",
    "lgpl-2+": "LGPL-2.0-or-later",
    "lgpl-3": "LGPL-3.0-only",
    "lgpl-3+": "LGPL-3.0-or-later",
    "agpl-3": "AGPL-3.0-only",
    "agpl-3+": "AGPL-3.0-or-later",
    "gfdl-1.2+": "GFDL-1.2-or-later",
    "gfdl-1.3+": "GFDL-1.3-or-later",
    cc0: "CC0-1.0",
    psf: "PSF-2.0",
    "zlib/libpng": "Zlib",
    "apache.org/licenses/license-2.0": "Apache-2.0",
    "opensource.org/licenses/apache-2.0": "Apache-2.0",
    "opensource.org/licenses/bsd-3-clause": "BSD-3-Clause",
    "opensource.org/licenses/mit": "MIT",
    "opensource.org/licenses/mit-license": "MIT",
    "eclipse.org/legal/epl-2.0": "EPL-2.0",
  }),
);

/** A licence text that the list has no identifier for (SPDX 2.3, clause 10). */
export interface LicenseReference {
  readonly id: string;
  readonly text: string;
}

export interface LicenseExpression {
  /** SPDX 2.3, annex D. */
  readonly expression: string;
  /** References that the expression names. */
  readonly references: readonly LicenseReference[];
}

/** Of one name or expression: longer ones are no expressions but licence texts. */
const longestExpression = 400;

/** What was written about licences as one expression, all of it; undefined where nothing was. */
export function licenseExpression(written: readonly string[] | undefined): LicenseExpression | undefined {
  const parts = [...new Set(written ?? [])].filter((text) => text.trim() !== "").map(readOne);
  if (parts.length === 0) return undefined;
  const texts = [...new Set(parts.map(({ expression }) => expression))];
  const joined = texts.length === 1 ? texts : texts.map((text) => (/ OR /.test(text) ? `(${text})` : text));
  const references = new Map(parts.flatMap((part) => part.references.map((one) => [one.id, one] as const)));
  return { expression: joined.join(" AND "), references: [...references.values()] };
}

/** The identifier of the SPDX licence list for a name, in any case. */
export function licenseId(name: string): string | undefined {
  const key = name
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\/(?:www\.)?(.*?)(?:\.(?:txt|html|php)|\/)?$/, "$1");
  return known.get(key) ?? aliases.get(key);
}

function readOne(text: string): LicenseExpression {
  const id = licenseId(text);
  if (id !== undefined) return { expression: id, references: [] };
  return (text.length <= longestExpression ? parse(text) : undefined) ?? reference(text);
}

function reference(text: string): LicenseExpression {
  const whole = text.trim();
  const name = whole.replaceAll(/[^A-Za-z0-9.-]+/g, "-").slice(0, 64);
  const id = `LicenseRef-${name}${name === whole ? "" : `-${sha256(whole).slice(7, 15)}`}`;
  return { expression: id, references: [{ id, text: whole }] };
}

/** An expression in which unknown names became references; undefined for what is none. Words are joined by AND, OR and WITH in any case. */
function parse(text: string): LicenseExpression | undefined {
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  const references: LicenseReference[] = [];
  const out: string[] = [];
  let depth = 0;
  let wantsName = true;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as string;
    const word = token.toUpperCase();
    if (token === "(") {
      if (!wantsName) return undefined;
      depth++;
      out.push("(");
    } else if (token === ")") {
      if (wantsName || --depth < 0) return undefined;
      out.push(")");
    } else if (word === "AND" || word === "OR") {
      if (wantsName) return undefined;
      out.push(` ${word} `);
      wantsName = true;
    } else if (word === "WITH") {
      const exception = exceptions.get((tokens[++at] ?? "").toLowerCase());
      if (wantsName || exception === undefined || /^[)]$|^ WITH /.test(out.at(-1) ?? "")) return undefined;
      out.push(` WITH ${exception}`);
    } else {
      if (!wantsName || !/^[A-Za-z0-9][A-Za-z0-9.+-]*$/.test(token)) return undefined;
      const id = licenseId(token);
      const other = id === undefined ? reference(token) : undefined;
      if (other) references.push(...other.references);
      out.push(id ?? (other as LicenseExpression).expression);
      wantsName = false;
    }
  }
  if (wantsName || depth !== 0) return undefined;
  return { expression: out.join(""), references };
}
