import type { Annotation, AnnotationPlace } from "../index.ts";
import { cut, usage } from "./args.ts";

const places = ["manifest", "manifest-descriptor", "index", "index-descriptor"] as const;

/** `--annotation [PLACE[PLATFORM][,PLACE...]:]KEY=VALUE`: one for each place, the manifest where none is named (docker buildx). Throws SLIP_USAGE. */
export function parseAnnotation(text: string): readonly Annotation[] {
  const [name, value] = cut(text);
  if (value === undefined)
    throw usage(`Invalid value "${text}" for --annotation`, "write KEY=VALUE or PLACE:KEY=VALUE");
  const colon = name.indexOf(":");
  const key = name.slice(colon + 1);
  if (key === "") throw usage(`Invalid value "${text}" for --annotation`, "the key before = is empty");
  if (colon < 0) return [{ on: "manifest", key, value }];
  return name
    .slice(0, colon)
    .split(",")
    .map((place) => ({ ...parsePlace(place, text), key, value }));
}

function parsePlace(text: string, whole: string): Pick<Annotation, "on" | "platform"> {
  const [, name, platform] = /^([a-z-]+)(?:\[([\w./-]+)\])?$/.exec(text) ?? [];
  const on: AnnotationPlace | undefined = places.find((place) => place === name);
  if (on === undefined) {
    throw usage(
      `Unknown place "${text}" in --annotation ${whole}`,
      `one of: ${places.join(", ")}; PLACE[OS/ARCH] for one platform`,
    );
  }
  return { on, platform };
}
