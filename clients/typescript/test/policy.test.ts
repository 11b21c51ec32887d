import assert from "node:assert/strict";
import { test } from "node:test";
import { Sampler } from "../src/policy.js";

const KEPT: readonly [number, number][] = [
  [0, 800],
  [0.49, 800],
  [0.5, 400],
  [0.75, 200],
  [0.875, 100],
  [0.99, 100],
  [1, 0],
];

for (const [fill, expected] of KEPT) {
  test(`of 800 rows, ${expected} are kept while ${fill} of the limit is in use`, () => {
    const sampler = new Sampler();
    const kept = Array.from({ length: 800 }, () => sampler.keeps(fill)).filter(Boolean);
    assert.equal(kept.length, expected);
  });
}
