import { serve } from "../base/index.ts";
import { copyTree } from "./copy-tree.ts";

serve("export/worker", { copyTree });
