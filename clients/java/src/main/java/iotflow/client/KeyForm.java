package iotflow.client;

/** The form of keys and tokens. Errors do not contain them. */
final class KeyForm {
  private static final int LONGEST_KEY = 128;
  private static final int LONGEST_TOKEN = 4096;

  private KeyForm() {}

  /** Fails where no server can have given the key, such as one with the newline of its file. */
  static String checkedKey(String key) {
    return checked(key, "api_key", LONGEST_KEY);
  }

  static String checkedToken(String token) {
    return checked(token, "token", LONGEST_TOKEN);
  }

  private static String checked(String text, String field, int longest) {
    boolean isPrintable = text.chars().allMatch(each -> each > ' ' && each <= '~');
    if (text.isEmpty() || text.length() > longest || !isPrintable) {
      throw IotflowException.invalid(
          field,
          field
              + " must be 1 to "
              + longest
              + " printable ASCII characters without spaces or the newline of a file.");
    }
    return text;
  }
}
