package iotflow.client;

import io.grpc.StatusRuntimeException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;

/**
 * Reads a list of a generated stub, page by page:
 *
 * <pre>{@code
 * FleetServiceGrpc.FleetServiceBlockingStub fleet = FleetServiceGrpc.newBlockingStub(client.channel());
 * ListDevicesRequest.Builder request = ListDevicesRequest.newBuilder();
 * for (ListDevicesResponse page : Pages.of(
 *     token -> fleet.listDevices(request.setPageToken(token).build()),
 *     ListDevicesResponse::getNextPageToken)) {
 *   …
 * }
 * }</pre>
 */
public final class Pages {
  private Pages() {}

  /**
   * Calls a method until it has returned the last page.
   *
   * @param method takes the token of a page, which is empty for the first one
   * @param nextToken returns the token of the next page, or an empty text
   */
  public static <A> Iterable<A> of(Function<String, A> method, Function<A, String> nextToken) {
    return () -> new PageIterator<>(method, nextToken);
  }

  private static final class PageIterator<A> implements Iterator<A> {
    private final Function<String, A> method;
    private final Function<A, String> nextToken;
    private String token = "";
    private boolean isLast;

    PageIterator(Function<String, A> method, Function<A, String> nextToken) {
      this.method = method;
      this.nextToken = nextToken;
    }

    @Override
    public boolean hasNext() {
      return !isLast;
    }

    @Override
    public A next() {
      if (isLast) {
        throw new NoSuchElementException("The list has no more pages.");
      }
      try {
        A page = method.apply(token);
        token = nextToken.apply(page);
        isLast = token.isEmpty();
        return page;
      } catch (StatusRuntimeException failure) {
        throw IotflowException.of(failure);
      }
    }
  }
}
