import { serve } from "../base/index.ts";
import { inspectTree } from "./inspect-tree.ts";

serve({ inspectTree });
