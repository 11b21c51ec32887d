import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../src/backoff.js";

test("pauses double up to half a minute", () => {
  const backoff = new Backoff(() => 1);
  const pauses = Array.from({ length: 10 }, () => backoff.next());
  assert.deepEqual(pauses, [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30]);
});

test("chance halves a pause at most", () => {
  assert.equal(new Backoff(() => 0).next(), 0.1);
});

test("the server's retry-after is added", () => {
  assert.equal(new Backoff(() => 1).next(3), 3.2);
});

test("a success begins anew", () => {
  const backoff = new Backoff(() => 1);
  backoff.next();
  backoff.next();
  backoff.reset();
  assert.equal(backoff.next(), 0.2);
});
