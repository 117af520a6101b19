import { serve } from "../base/index.ts";
import { fileDigests } from "./digest-files.ts";
import { inspectTree } from "./inspect-tree.ts";
import { findPackages } from "./packages/find-packages.ts";

serve({ inspectTree, findPackages, fileDigests });
