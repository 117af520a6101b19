/** For messages: what a tree from elsewhere is to whoever asked for it. */
export function sourceLabel(context: string | undefined, address = "the archive"): string {
  if (context === undefined) return address;
  return context === "context" ? "the build context" : `the build context ${context}`;
}
