package iotflow.client;

import java.nio.charset.StandardCharsets;

/** Texts that the contract can carry. */
final class Text {
  private Text() {}

  /** Fails where the text has half of a pair of surrogates, which UTF-8 cannot express. */
  static void check(String text, String field) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (Character.charCount(text.codePointAt(i)) == 1) {
          throw IotflowException.invalid(field, "Texts must not have half of a surrogate pair.");
        }
        i++;
      }
    }
  }

  static byte[] utf8(String text, String field) {
    check(text, field);
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
