import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { eventsOf, type JsonEvent } from "./support/slipway.ts";

describe.skipIf(whyNoLab)(`stages${because}`, () => {
  const lab = openLab();
  const dockerfile = `FROM base AS one
RUN echo 1 > /one
FROM base AS two
RUN echo 2 > /two
FROM one AS Three
COPY --from=two /two /two
FROM scratch AS unneeded
RUN ["/this/would/fail"]
FROM three
RUN echo last > /last
`;

  test("what the target does not need is skipped and named", async () => {
    const context = lab.context({ Dockerfile: dockerfile });
    const whole = await lab.build(context);
    expect(
      Object.keys(whole.steps)
        .filter((step) => !step.startsWith("FROM"))
        .sort(),
    ).toEqual(["COPY --from=two /two /two", "RUN echo 1 > /one", "RUN echo 2 > /two", "RUN echo last > /last"]);
    const skipped = ({ stderr }: { readonly stderr: string }): readonly string[] | undefined =>
      eventsOf(stderr).find(({ type, skippedStages }) => type === "graph" && (skippedStages?.length ?? 0) > 0)
        ?.skippedStages;
    expect(skipped(whole)).toEqual(["unneeded: not needed by target stage-4"]);
    const plain = await lab.slipway(["build", "--progress=plain", "--target", "two", context]);
    expect(plain.code).toBe(0);
    expect(plain.stderr).toMatch(/skipped.*one.*three.*unneeded.*stage-4/is);
    expect(plain.stderr).not.toContain("/one");
  });

  test("--target takes a name in any case, and a number", async () => {
    const context = lab.context({ Dockerfile: dockerfile });
    const names = async (target: string): Promise<readonly string[]> =>
      [...(await lab.tree(context, "--target", target)).keys()].filter((path) => /^(one|two|last)$/.test(path)).sort();
    expect(await names("THREE")).toEqual(["one", "two"]);
    expect(await names("0")).toEqual(["one"]);
    expect(await names("4")).toEqual(["last", "one", "two"]);
  });

  test("independent stages run at once, as many as --jobs lets", async () => {
    const names = ["a", "b", "c"];
    const stages = names.map((name) => `FROM base AS ${name}\nRUN sleep 0.5; echo ${name} > /${name}\n`).join("");
    const copies = names.map((name) => `COPY --from=${name} /${name} /\n`).join("");
    const context = lab.context({ Dockerfile: `${stages}FROM scratch\n${copies}` });
    const atOnce = async (jobs: number): Promise<number> => {
      const { stderr } = await lab.build(context, "--no-cache", "--jobs", String(jobs));
      return most(eventsOf(stderr), "RUN sleep");
    };
    expect(await atOnce(3)).toBe(3);
    expect(await atOnce(2)).toBe(2);
    expect(await atOnce(1)).toBe(1);
  });

  test("--build-context puts a folder or an image in the place of a stage, an image or a name", async () => {
    const folder = lab.context({ file: "from the folder" });
    const context = lab.context({
      Dockerfile: `FROM nowhere.invalid/ubuntu:24.04 AS build
RUN cat /etc/passwd > /out
FROM base AS replaced
RUN exit 1
FROM scratch
COPY --from=build /out /passwd
COPY --from=files file /
COPY --from=replaced /file /replaced
`,
    });
    const flags = ["nowhere.invalid/ubuntu:24.04=docker-image://base", `files=${folder}`, `replaced=${folder}`];
    const tree = await lab.tree(context, ...flags.flatMap((flag) => ["--build-context", flag]));
    expect(tree.get("passwd")?.content).toContain("app:x:1234");
    expect(tree.get("file")?.content).toBe("from the folder");
    expect(tree.get("replaced")?.content).toBe("from the folder");
    const based = lab.context({ Dockerfile: "FROM files\nCOPY file /second\n", file: "of the main context" });
    const onFolder = await lab.tree(based, "--build-context", `files=${folder}`);
    expect(onFolder.get("file")?.content).toBe("from the folder");
    expect(onFolder.get("second")?.content).toBe("of the main context");
  });
});

/** The most steps with such a text that ran at one moment. */
function most(events: readonly JsonEvent[], text: string): number {
  const wanted = new Set(
    events.flatMap(({ steps }) => (steps ?? []).filter((step) => step.text.startsWith(text)).map(({ id }) => id)),
  );
  let running = 0;
  let highest = 0;
  for (const { type, id } of events) {
    if (id === undefined || !wanted.has(id)) continue;
    if (type === "step-start") highest = Math.max(highest, ++running);
    if (type === "step-done") running--;
  }
  return highest;
}
