// Writes the JSON schemas that editors read, from those that the parsers check by.
import { writeFileSync } from "node:fs";
import { publishedSchema } from "../src/debian/own-base/schema.ts";

writeFileSync(
  new URL("../schemas/base.schema.json", import.meta.url),
  `${JSON.stringify(publishedSchema, undefined, 2)}\n`,
);
