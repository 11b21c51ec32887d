/** Durable names of files. */
import { open } from "node:fs/promises";

/** Some file systems cannot synchronize a folder. */
const UNSUPPORTED: ReadonlySet<string | undefined> = new Set(["EINVAL", "ENOTSUP"]);

/** Makes the names of a folder's files durable. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder.
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } catch (error) {
    if (!UNSUPPORTED.has((error as NodeJS.ErrnoException).code)) throw error;
  } finally {
    await folder.close();
  }
}
