/** The form of a target: host:port. */
import { isIPv6 } from "node:net";
import { ServerError } from "../server-error.js";

const LARGEST_PORT = 65_535;
/** A name or an IPv4 address, or an IPv6 address in brackets, and a port. */
const FORM = /^(?:[A-Za-z0-9_.-]+|\[([0-9A-Fa-f:.]+)\]):([0-9]{1,5})$/;

/** Throws a ServerError if the target is not host:port, because no later attempt can succeed. */
export function checkTarget(target: string): void {
  const form = FORM.exec(target);
  const port = Number(form?.[2]);
  if (form && port > 0 && port <= LARGEST_PORT && (form[1] === undefined || isIPv6(form[1]))) return;
  throw new ServerError(
    "INVALID_ARGUMENT",
    `The target "${target}" is not host:port, such as iot.example.com:50051 or [2001:db8::1]:50051. ` +
      `The port is 1 to ${LARGEST_PORT}, and there is no scheme such as http://.`,
    { field: "target" },
  );
}
