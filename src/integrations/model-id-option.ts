// The option `modelId` of what keeps something of a model with a partner.

import * as z from "zod/mini";
import { isId } from "../foundation.ts";

const ID = "an id of 1 to 128 of A-Z a-z 0-9 . _ -, without a dot first";

/** The id of a model, as everywhere. */
export const modelIdOption = z.string(ID).check(z.refine(isId, ID));
