/** `npm run conformance`: writes docs/conformance.md from test/cases. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCases } from "../test/conformance/case.ts";
import { conformancePage } from "../test/conformance/page.ts";
import { reference } from "../test/conformance/reference.ts";

writeFileSync(join(import.meta.dirname, "../docs/conformance.md"), conformancePage(readCases(), reference));
