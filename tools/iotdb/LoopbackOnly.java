import java.lang.reflect.Field;
import java.net.InetAddress;
import java.util.Arrays;

/**
 * Runs another main class: LoopbackOnly CLASS ARGUMENT...
 *
 * IoTDB 2.0.1 binds its ports to every interface regardless of its configuration (apache/iotdb#14577; #16717 fixes it in later
 * releases, which Maven does not contain completely). This class replaces every interface by the loopback. It needs
 * -Djava.net.preferIPv4Stack=true and --add-opens=java.base/java.net=ALL-UNNAMED, and works in OpenJDK 17 to 21 only.
 */
public final class LoopbackOnly {
    private LoopbackOnly() {}

    public static void main(String[] arguments) throws Exception {
        Object resolver = open(InetAddress.class, "impl").get(null);
        open(resolver.getClass(), "anyLocalAddress").set(resolver, InetAddress.getByName("127.0.0.1"));
        String[] rest = Arrays.copyOfRange(arguments, 1, arguments.length);
        Class.forName(arguments[0]).getMethod("main", String[].class).invoke(null, (Object) rest);
    }

    private static Field open(Class<?> type, String name) throws NoSuchFieldException {
        Field field = type.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }
}
