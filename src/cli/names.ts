/** `repository:tag` in its two parts, `<none>` for what is missing, as docker's lists show them. */
export function splitName(name: string | undefined): readonly [repository: string, tag: string] {
  if (name === undefined) return ["<none>", "<none>"];
  const bare = name.replace(/@sha256:[a-f0-9]+$/, "");
  const colon = bare.indexOf(":", bare.lastIndexOf("/") + 1);
  return colon < 0 ? [bare, "<none>"] : [bare.slice(0, colon), bare.slice(colon + 1)];
}

/** A shell pattern as docker's reference filter takes it: `*` and `?` do not cross a slash. */
export function matchesPattern(text: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|\\[\]]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
  return new RegExp(`^(?:${source})$`).test(text);
}
