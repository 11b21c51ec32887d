/** Pages of lists. */

/** A page of an answer. */
export interface Page {
  /** The token of the next page; empty or absent on the last one. */
  readonly nextPageToken?: string;
}

/** Calls for one page after the other until the last one. `call` gets the token of the page. */
export async function* pages<P extends Page>(call: (pageToken: string) => Promise<P>): AsyncGenerator<P, void> {
  let token = "";
  do {
    const page = await call(token);
    yield page;
    token = page.nextPageToken ?? "";
  } while (token);
}
