// The words of zod itself, which its small variant does not bring by itself.

import * as z from "zod/mini";

/** For `safeParse` and `parse`: messages as "Invalid input: expected string, received number". */
export const english = { error: z.locales.en().localeError };
