import { serve } from "../base/index.ts";
import { checksumSources } from "./tree/checksum.ts";
import { copySources } from "./tree/copy.ts";

serve("ops/worker", { checksumSources, copySources });
