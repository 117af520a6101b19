import { serve } from "../base/index.ts";
import { checksumSources } from "./tree/checksum.ts";
import { copySources } from "./tree/copy.ts";
import { finishSharing } from "./tree/shared-files.ts";

serve({ checksumSources, copySources, finishSharing });
