import { expect, test } from "vitest";
import type { SoftwarePackage } from "./contract.ts";
import { licenseExpression } from "./licenses.ts";
import { imageUrl, packageUrl } from "./purl.ts";

const item = (kind: SoftwarePackage["kind"], name: string, version: string, more: Partial<SoftwarePackage> = {}) =>
  ({ kind, name, version, path: "/x", ...more }) as const;

test.each([
  [item("dpkg", "attr", "1:2.4.47-2", { architecture: "source" }), "pkg:deb/debian/attr@1:2.4.47-2?arch=source"],
  [item("dpkg", "curl", "7.88.1-10+deb12u5~x"), "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5~x"],
  [item("apk", "musl", "1.2.5-r0", { source: { name: "musl" } }), "pkg:apk/alpine/musl@1.2.5-r0"],
  [item("rpm", "bash", "1:5.2-3.fc40", { architecture: "x86_64" }), "pkg:rpm/bash@5.2-3.fc40?arch=x86_64&epoch=1"],
  [item("go", "github.com/a/b", "v1.2.3"), "pkg:golang/github.com/a/b@v1.2.3"],
  [item("go", "example.org/x", "(devel)"), "pkg:golang/example.org/x"],
  [item("npm", "@scope/name", "1.0.0"), "pkg:npm/%40scope/name@1.0.0"],
  [item("python", "Zope.Interface_x", "1"), "pkg:pypi/zope-interface-x@1"],
  [item("java", "app", "1", { group: "org.example" }), "pkg:maven/org.example/app@1"],
  [item("java", "app", "1"), undefined],
  [item("npm", "a\ud800'()", ""), "pkg:npm/a%EF%BF%BD%27%28%29"],
])("%j", (given, wanted) => {
  expect(packageUrl(given, undefined)).toBe(wanted);
});

test("a distribution is named as scanners look it up", () => {
  const curl = item("dpkg", "curl", "1");
  expect(packageUrl(curl, { id: "ubuntu", version: "24.04" })).toBe("pkg:deb/ubuntu/curl@1?distro=ubuntu-24.04");
  expect(packageUrl(curl, { id: "debian", codename: "sid" })).toBe("pkg:deb/debian/curl@1?distro=debian-sid");
  expect(packageUrl(item("rpm", "x", "1"), { id: "opensuse-leap" })).toBe(
    "pkg:rpm/opensuse-leap/x@1?distro=opensuse-leap",
  );
});

test("an image is named as BuildKit names it", () => {
  expect(imageUrl("debian", "bookworm", { platform: "linux/arm64" })).toBe(
    "pkg:docker/debian@bookworm?platform=linux%2Farm64",
  );
  expect(imageUrl("localhost:5000/team/app", "1", {})).toBe("pkg:docker/localhost:5000/team/app@1");
});

test.each([
  [["MIT"], "MIT"],
  [["mit", "MIT"], "MIT"],
  [["GPL-2+"], "GPL-2.0-or-later"],
  [["MIT", "Apache-2.0 OR GPL-3.0-only"], "MIT AND (Apache-2.0 OR GPL-3.0-only)"],
  [["(MIT or Apache-2.0) and Zlib"], "(MIT OR Apache-2.0) AND Zlib"],
  [["GPL-2.0-only WITH Classpath-exception-2.0"], "GPL-2.0-only WITH Classpath-exception-2.0"],
  [["Custom"], "LicenseRef-Custom"],
  [["http://www.apache.org/licenses/LICENSE-2.0.txt", "https://opensource.org/licenses/MIT"], "Apache-2.0 AND MIT"],
  [["MIT AND Custom"], "MIT AND LicenseRef-Custom"],
  [["See file"], "LicenseRef-See-file-f0c7e8a8"],
  [["MIT AND"], "LicenseRef-MIT-AND-4a3fc7d3"],
])("licences %j", (written, wanted) => {
  expect(licenseExpression(written)?.expression.replaceAll(/-[0-9a-f]{8}\b/g, "-#")).toBe(
    wanted.replaceAll(/-[0-9a-f]{8}\b/g, "-#"),
  );
});

test("nothing written is no licence, and each reference has its text", () => {
  expect([licenseExpression(undefined), licenseExpression([]), licenseExpression([" "])]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  const long = "x".repeat(5000);
  expect(licenseExpression([long, "Own terms"])?.references.map(({ text }) => text)).toEqual([long, "Own terms"]);
});
