import type { Distribution, SoftwarePackage } from "./contract.ts";

/** Who a package database belongs to where the image does not say what it is. */
const vendors = { dpkg: "debian", apk: "alpine", rpm: undefined } as const;
const types = { dpkg: "deb", apk: "apk", rpm: "rpm" } as const;

/**
 * The package URL of a package (purl-spec), as scanners look it up; undefined for one that has none: a Java archive whose group nobody knows.
 * Distribution and source package are qualifiers, as syft and trivy write them.
 */
export function packageUrl(item: SoftwarePackage, distribution: Distribution | undefined): string | undefined {
  const { kind, name, version, group } = item;
  switch (kind) {
    case "dpkg":
    case "apk":
    case "rpm":
      return distributionUrl(item, types[kind], distribution?.id.toLowerCase() ?? vendors[kind], distribution);
    case "go":
      // "(devel)" is what Go writes for a module that was built from a working folder.
      return write("golang", name.split("/"), version === "(devel)" ? "" : version);
    case "npm":
      return write("npm", name.split("/"), version);
    case "python":
      return write("pypi", [pypiName(name)], version);
    case "java":
      return group === undefined ? undefined : write("maven", [group, name], version);
  }
}

function distributionUrl(
  { kind, name, version, architecture, source }: SoftwarePackage,
  type: string,
  vendor: string | undefined,
  distribution: Distribution | undefined,
): string {
  const epoch = kind === "rpm" ? /^(\d+):(.*)$/s.exec(version) : undefined;
  const from = source && (source.version === undefined ? source.name : `${source.name}@${source.version}`);
  return write(type, [...(vendor === undefined ? [] : [vendor]), name], epoch?.[2] ?? version, {
    arch: architecture,
    distro: distribution && `${distribution.id}${suffix(distribution)}`,
    epoch: epoch?.[1],
    upstream: from === undefined || from === name ? undefined : from,
  });
}

function suffix({ version, codename }: Distribution): string {
  const text = version ?? codename;
  return text === undefined ? "" : `-${text}`;
}

/** PEP 503, "Normalized Names". */
function pypiName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

/** An image's package URL, as BuildKit names the subjects of attestations: `pkg:docker/team/app@1.0?platform=linux%2Famd64`. */
export function imageUrl(
  name: string,
  version: string,
  qualifiers: { readonly digest?: string | undefined; readonly platform?: string | undefined },
): string {
  return write("docker", name.split("/"), version, qualifiers);
}

function write(
  type: string,
  path: readonly string[],
  version: string,
  qualifiers: Readonly<Record<string, string | undefined>> = {},
): string {
  const names = path.filter((part) => part !== "").map(encode);
  const query = Object.entries(qualifiers)
    .flatMap(([key, value]) => (value === undefined || value === "" ? [] : [`${key}=${encode(value)}`]))
    .sort();
  const of = version === "" ? "" : `@${encode(version)}`;
  return `pkg:${type}/${names.join("/")}${of}${query.length === 0 ? "" : `?${query.join("&")}`}`;
}

/** purl-spec, "Character encoding": letters, digits and `.-_~` stay, and so does the colon. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%3A", ":");
}
