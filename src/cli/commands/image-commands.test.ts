import { describe, expect, test } from "vitest";
import { SlipwayError } from "../../base/index.ts";
import { cli, comparison, details, id } from "../fake.fixture.ts";

describe("images", () => {
  test("has docker's columns and the layers", async () => {
    expect((await cli(["images"])).stdout).toBe(
      [
        "REPOSITORY   TAG      IMAGE ID       CREATED         SIZE     LAYERS",
        "calculator   multi    aaaaaaaaaaaa   3 minutes ago   1.95MB   1",
        "calculator   latest   aaaaaaaaaaaa   3 minutes ago   1.95MB   1",
        "<none>       <none>   cccccccccccc   2 days ago      812MB    4",
        "",
      ].join("\n"),
    );
  });

  test.each([
    { argv: ["calculator"], tags: ["multi", "latest"] },
    { argv: ["calculator:multi"], tags: ["multi"] },
    { argv: ["calc*:l*"], tags: ["latest"] },
    { argv: ["other"], tags: [] },
    { argv: ["-f", "dangling=true"], tags: ["<none>"] },
    { argv: ["-f", "dangling=false", "-f", "reference=*:multi"], tags: ["multi"] },
  ])("filters by $argv", async ({ argv, tags }) => {
    const { stdout } = await cli(["images", "--format=json", ...argv]);
    const lines = stdout.split("\n").filter(Boolean);
    expect(lines.map((line) => (JSON.parse(line) as { Tag: string }).Tag)).toEqual(tags);
  });

  test("-q prints each id once, whole with --no-trunc; image ls is the same command", async () => {
    expect((await cli(["images", "-q"])).stdout).toBe("aaaaaaaaaaaa\ncccccccccccc\n");
    expect((await cli(["image", "ls", "-q", "--no-trunc"])).stdout).toBe(`${id("a")}\n${id("c")}\n`);
  });

  test("json has figures beside the words", async () => {
    expect(JSON.parse((await cli(["ls", "--format", "json", "calculator:multi"])).stdout)).toEqual({
      Repository: "calculator",
      Tag: "multi",
      ID: "aaaaaaaaaaaa",
      CreatedAt: "2026-11-21T11:57:00.000Z",
      CreatedSince: "3 minutes ago",
      Size: "1.95MB",
      Bytes: 1_953_792,
      Layers: 1,
      RemoteLayers: 0,
      CompressedLayers: 0,
      Platform: "linux/amd64",
    });
  });
});

describe("looking at one image", () => {
  test("history has the newest step first and sizes only where a layer was made", async () => {
    expect((await cli(["history", "calculator"])).stdout).toBe(
      [
        "IMAGE          CREATED         CREATED BY                              SIZE     COMMENT",
        'aaaaaaaaaaaa   3 minutes ago   ENTRYPOINT ["/app"]                     0B',
        "<missing>      4 minutes ago   COPY --from=build /app /app # slipway   1.95MB   slipway",
        "",
      ].join("\n"),
    );
    expect((await cli(["history", "-q", "--no-trunc", "calculator"])).stdout).toBe(`${id("a")}\n<missing>\n`);
  });

  test("inspect has docker's field names", async () => {
    const [image] = JSON.parse((await cli(["inspect", "calculator"])).stdout) as [Record<string, unknown>];
    const fields = "Id RepoTags RepoDigests Comment Created Author Config Architecture Os Size RootFS Slipway";
    expect(Object.keys(image)).toEqual(fields.split(" "));
    expect(image).toMatchObject({
      Id: id("a"),
      RepoTags: details.names,
      Config: { Entrypoint: ["/app"] },
      RootFS: { Type: "layers", Layers: [id("b")] },
    });
  });

  test("inspect takes simple templates", async () => {
    const { stdout } = await cli(["inspect", "-f", "{{.Size}} {{json .Config.Env}}", "a", "b"]);
    expect(stdout).toBe('1953792 ["PATH=/bin"]\n1953792 ["PATH=/bin"]\n');
  });

  test("inspect prints what it finds and then says what it does not", async () => {
    const inspectImage = async (name: string): Promise<typeof details> => {
      if (name === "a") return details;
      throw new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: `No image ${name}` });
    };
    const { code, stdout, stderr } = await cli(["inspect", "x", "a", "y"], { library: { inspectImage } });
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toHaveLength(1);
    expect(stderr).toContain("No image x");
    expect(stderr).toContain("No image y");
  });
});

describe("compare", () => {
  test("sets the figures side by side", async () => {
    await expect((await cli(["compare", "a", "b"])).stdout).toMatchFileSnapshot("golden/compare.txt");
  });

  test("says which is smaller, whichever comes first", async () => {
    const turned = { ...comparison, a: comparison.b, b: comparison.a, ratio: 1 / comparison.ratio };
    const { stdout } = await cli(["compare", "b", "a"], { library: { compare: async () => turned } });
    expect(stdout).toContain("calculator:multi is 416 times smaller: 810MB less than calculator:single\n");
  });

  test("json holds everything", async () => {
    expect(JSON.parse((await cli(["compare", "--format=json", "a", "b"])).stdout)).toEqual(comparison);
  });
});
