import { describe, expect, test } from "vitest";
import { builtInRecipe } from "./built-in.ts";
import { parseDistrolessName } from "./distroless-name.ts";
import { published, publishedAccounts } from "./published.fixture.ts";

const packagesOf = (title: string): readonly string[] => {
  const { on, packages } = published[title] ?? { packages: [] };
  return [...(on === undefined ? [] : packagesOf(on)), ...packages];
};
const recipeOf = (title: string) => {
  const choice = parseDistrolessName(`gcr.io/distroless/${title}`);
  if (!choice) throw new Error(`no base ${title}`);
  return builtInRecipe(choice, "amd64");
};

describe.each(Object.entries(published))("%s", (title, { more = {}, entrypoint }) => {
  const { packages, config } = recipeOf(title);

  test("has the packages of the published image, but for what is explained", () => {
    const theirs = new Set(packagesOf(title));
    const ours = new Set(packages);
    expect([...ours.difference(theirs)].sort()).toEqual(Object.keys(more).sort());
    expect([...theirs.difference(ours)].sort()).toEqual([]);
  });

  test("is configured as the published image is", () => {
    expect(config.env).toMatchObject({
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
      ...(/python|java/.test(title) && { LANG: "C.UTF-8" }),
    });
    expect(config).toMatchObject({ user: "0", workdir: "/" });
    expect(config.entrypoint).toEqual(entrypoint);
    const { config: nonroot } = recipeOf(`${title}:nonroot`);
    expect(nonroot).toMatchObject({ user: "65532", workdir: "/home/nonroot", entrypoint });
    const debug = recipeOf(`${title}:debug`).config;
    expect(debug.entrypoint).toEqual(entrypoint ?? ["/busybox/sh"]);
    expect(debug.env["PATH"]).toBe(`${config.env["PATH"]}:/busybox`);
  });
});

test("accounts are those of the published images", () => {
  const { users = [], groups = [] } = recipeOf("static-debian13");
  const passwd = users.map(({ name, uid, gid, comment, home }) => `${name}:x:${uid}:${gid}:${comment}:${home}`);
  expect(passwd.map((line) => `${line}:/sbin/nologin\n`).join("")).toBe(publishedAccounts.passwd);
  expect(groups.map(({ name, gid }) => `${name}:x:${gid}:\n`).join("")).toBe(publishedAccounts.group);
});
