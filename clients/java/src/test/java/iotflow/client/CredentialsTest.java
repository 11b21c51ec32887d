package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CredentialsTest {
  private static final Metadata.Key<String> API_KEY =
      Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER);
  private static final IotflowException WRONG_KEY =
      IotflowException.of(Status.UNAUTHENTICATED.withDescription("wrong").asRuntimeException());

  /** The pauses, none of which takes time. */
  private final List<Duration> pauses = new ArrayList<>();

  private int asked;

  /** Credentials whose handler gives the answers in turn, and then the last one. */
  private Credentials asking(String... answers) {
    return new Credentials(
        "old",
        "",
        rejected -> answers[Math.min(asked++, answers.length - 1)],
        time -> pauses.add(time));
  }

  private void renew(Credentials credentials) {
    assertTrue(credentials.renew(credentials.generation(), WRONG_KEY));
  }

  /** Each pause takes at most so many milliseconds, and at least the half of them. */
  private void assertPauses(long... longest) {
    assertEquals(longest.length, pauses.size(), pauses.toString());
    for (int i = 0; i < longest.length; i++) {
      long found = pauses.get(i).toMillis();
      assertTrue(found >= longest[i] / 2 && found <= longest[i], pauses.toString());
    }
  }

  @Test
  void questionsWhoseAnswersAreRejectedComeAfterPauses() {
    for (String answers : List.of("old", "new", "new newer new newer")) {
      pauses.clear();
      asked = 0;
      Credentials credentials = asking(answers.split(" "));
      renew(credentials);
      assertPauses();
      for (int i = 0; i < 3; i++) {
        renew(credentials);
      }
      assertPauses(200, 400, 800);
      assertEquals(4, asked, Arrays.toString(answers.split(" ")));
    }
  }

  @Test
  void pauseIncludesTheDelayOfTheServer() {
    Metadata trailers = new Metadata();
    trailers.put(Metadata.Key.of("retry-after", Metadata.ASCII_STRING_MARSHALLER), "7");
    IotflowException limited =
        IotflowException.of(Status.UNAUTHENTICATED.asRuntimeException(trailers));
    Credentials credentials = asking("new");
    renew(credentials);
    assertTrue(credentials.renew(credentials.generation(), limited));
    assertEquals(1, pauses.size());
    assertTrue(pauses.get(0).toMillis() >= 7100 && pauses.get(0).toMillis() <= 7200);
  }

  @Test
  void questionAfterAcceptedKeyComesAtOnce() {
    Credentials credentials = asking("1", "2", "3", "4", "5");
    renew(credentials);
    int former = credentials.generation();
    renew(credentials);
    // A stream with the key before tells nothing about the present one.
    credentials.accepted(former);
    renew(credentials);
    assertPauses(200, 400);
    credentials.accepted(credentials.generation());
    renew(credentials);
    assertPauses(200, 400);
    renew(credentials);
    assertPauses(200, 400, 200);
    assertEquals(5, asked);
  }

  @Test
  void questionAfterKeyOfTheApplicationComesAtOnce() {
    Credentials credentials = asking("1", "2", "3");
    renew(credentials);
    renew(credentials);
    credentials.replace("rotated");
    renew(credentials);
    assertPauses(200);
    assertEquals(3, asked);
  }

  @Test
  void keyOfTheApplicationDuringThePauseIsUsedWithoutQuestion() {
    Credentials[] used = new Credentials[1];
    used[0] =
        new Credentials(
            "old",
            "",
            rejected -> {
              asked++;
              return "new";
            },
            time -> used[0].replace("rotated"));
    renew(used[0]);
    renew(used[0]);
    Metadata headers = new Metadata();
    used[0].attach(headers, null);
    assertEquals("rotated", headers.get(API_KEY));
    assertEquals(1, asked);
  }
}
