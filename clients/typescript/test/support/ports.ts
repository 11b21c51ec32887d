/** Servers on ports of this machine that are no gRPC servers. */
import type { Server } from "node:net";
import type { TestContext } from "node:test";

/** Listens until the end of the test. Returns the port. */
export async function listen(context: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}
