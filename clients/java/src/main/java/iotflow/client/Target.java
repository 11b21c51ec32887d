package iotflow.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The form of a target: host:port. */
final class Target {
  private static final int LARGEST_PORT = 65_535;

  /** A name or an IPv4 address, or an IPv6 address in brackets, and a port. */
  private static final Pattern FORM =
      Pattern.compile("(?:[A-Za-z0-9_.-]+|\\[[0-9A-Fa-f:.]+\\]):([0-9]{1,5})");

  private Target() {}

  /** Fails where the target is not host:port, because no later attempt can succeed. */
  static String checked(String target) {
    Matcher form = FORM.matcher(target);
    if (form.matches() && isPort(Integer.parseInt(form.group(1))) && hasHost(target)) {
      return target;
    }
    throw IotflowException.invalid(
        "target",
        "The target \""
            + target
            + "\" is not host:port, such as iot.example.com:50051 or [2001:db8::1]:50051. The port"
            + " is 1 to "
            + LARGEST_PORT
            + ", a name has no underscore, and there is no scheme such as http://.");
  }

  /** The host of a target that was checked. */
  static String host(String target) {
    return target.substring(0, target.lastIndexOf(':'));
  }

  private static boolean isPort(int number) {
    return number > 0 && number <= LARGEST_PORT;
  }

  /** Whether grpc-java, which takes targets apart as URIs, finds a host. */
  private static boolean hasHost(String target) {
    try {
      return new URI("//" + target).getHost() != null;
    } catch (URISyntaxException noAddress) {
      return false;
    }
  }
}
