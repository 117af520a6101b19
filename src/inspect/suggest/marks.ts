import type { OpenFile } from "../in-root.ts";
import type { Mark } from "./contract.ts";

/** Words that tell what a program does at run time. All but the first two are names of functions, which Go keeps in every program. */
const wanted: readonly Mark[] = [
  { kind: "certificates", text: "/etc/ssl/certs/ca-certificates.crt" },
  { kind: "certificates", text: "crypto/x509.(*CertPool)" },
  { kind: "time zones", text: "time.LoadLocation" },
  { kind: "accounts", text: "os/user.Current" },
  { kind: "accounts", text: "os/user.Lookup" },
  { kind: "go", text: "\xff Go buildinf:" },
];

const chunk = 4 << 20;
/** A program is read so far (bytes). */
const furthest = 256 << 20;

/** The words of a program that tell what it wants of a base, one of each kind. */
export function marksIn({ stats, read }: Pick<OpenFile, "read" | "stats">): readonly Mark[] {
  const found = new Map<Mark["kind"], Mark>();
  const longest = Math.max(...wanted.map(({ text }) => text.length));
  const end = Math.min(stats.size, furthest);
  for (let at = 0; at < end; at += chunk) {
    const bytes = read(at, chunk + longest);
    for (const mark of wanted) {
      if (!found.has(mark.kind) && bytes.includes(mark.text, 0, "latin1")) found.set(mark.kind, mark);
    }
  }
  return [...found.values()];
}
