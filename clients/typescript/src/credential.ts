/** The form of keys and tokens. */
import { ServerError } from "./server-error.js";

const LONGEST = { api_key: 128, token: 4096 };
const PRINTABLE = /^[!-~]*$/;

/**
 * Throws ServerError INVALID_ARGUMENT if no key or token has this form, because no call can succeed with it. An empty one is
 * none.
 */
export function checkCredential(field: keyof typeof LONGEST, value: string): void {
  const longest = LONGEST[field];
  if (value.length <= longest && PRINTABLE.test(value)) return;
  // Without the value: errors are shown and logged.
  throw new ServerError(
    "INVALID_ARGUMENT",
    `The ${field} is not 1 to ${longest} printable ASCII characters without spaces. ` +
      "Remove the newline of the file that it was read from.",
    { field },
  );
}
