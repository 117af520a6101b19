import { serve } from "../base/index.ts";
import { auditTree } from "./audit/audit-tree.ts";
import { fileDigests } from "./digest-files.ts";
import { inspectTree } from "./inspect-tree.ts";
import { findPackages } from "./packages/find-packages.ts";
import { suggestFacts } from "./suggest/suggest-facts.ts";

serve("inspect/worker", { auditTree, suggestFacts, inspectTree, findPackages, fileDigests });
