import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { segmentName } from "../src/node/segment.js";
import { DiskQueue } from "../src/node.js";
import { fill, newFolder, segments } from "./support/folders.js";

const SECRET = "not the queue's";

function mode(path: string): number {
  return lstatSync(path).mode & 0o777;
}

/** A queue that has written each of its files. */
async function useQueue(folder: string): Promise<void> {
  const queue = new DiskQueue(folder);
  await fill(queue, 2);
  await queue.claim(7);
  queue.acknowledge(1);
  await queue.close();
}

test("files and folders are for their owner alone", async (context) => {
  const former = process.umask(0);
  context.after(() => process.umask(former));
  const folder = join(newFolder(), "a", "b");
  await useQueue(folder);
  assert.deepEqual(readdirSync(folder).sort(), [segmentName(1), "acknowledged", "device", "lock"]);
  for (const name of readdirSync(folder)) assert.equal(mode(join(folder, name)), 0o600, name);
  for (const made of [folder, dirname(folder)]) assert.equal(mode(made), 0o700, made);
});

for (const name of ["acknowledged", "acknowledged.new", "device", "device.new"]) {
  test(`a link in the place of ${name} is not followed`, async () => {
    const target = join(newFolder(), "target");
    writeFileSync(target, SECRET);
    const folder = newFolder();
    symlinkSync(target, join(folder, name));
    await useQueue(folder);
    assert.equal(readFileSync(target, "utf8"), SECRET);
    assert.ok(lstatSync(join(folder, "acknowledged")).isFile());
    assert.ok(lstatSync(join(folder, "device")).isFile());
  });
}

for (const name of ["lock", segmentName(1)]) {
  test(`nothing is made through a link in the place of ${name}`, async () => {
    const target = join(newFolder(), "target");
    const folder = newFolder();
    symlinkSync(target, join(folder, name));
    await assert.rejects(useQueue(folder));
    assert.ok(!existsSync(target));
  });
}

test("a folder is not made through a link", () => {
  const target = join(newFolder(), "target");
  const link = join(newFolder(), "link");
  symlinkSync(target, link);
  assert.throws(() => new DiskQueue(link));
  assert.ok(!existsSync(target));
});

/** Names that are not exactly those of segments. */
const OTHER_NAMES = [
  "7.batches",
  `${segmentName(1)}.bak`,
  `x${segmentName(1)}`,
  "0000000000000000000x.batches",
  "note",
];

test("files with other names are left alone, and logged once", async (context) => {
  const warnings = warningsOf(context);
  const folder = newFolder();
  for (const name of OTHER_NAMES) writeFileSync(join(folder, name), SECRET);
  mkdirSync(join(folder, segmentName(3)));
  await useQueue(folder);
  for (const name of OTHER_NAMES) assert.equal(readFileSync(join(folder, name), "utf8"), SECRET);
  assert.equal(warnings.length, 1);
  for (const name of [...OTHER_NAMES, segmentName(3)]) assert.ok(warnings[0]?.includes(JSON.stringify(name)), name);
});

test("a folder that has only its own files logs nothing", async (context) => {
  const warnings = warningsOf(context);
  const folder = newFolder();
  await useQueue(folder);
  for (const draft of ["acknowledged.new", "device.new"]) writeFileSync(join(folder, draft), SECRET);
  await useQueue(folder);
  assert.deepEqual(warnings, []);
});

test("of many names the first ones are logged", async (context) => {
  const warnings = warningsOf(context);
  const folder = newFolder();
  for (let file = 0; file < 100; file++) writeFileSync(join(folder, `${file}.log`), "");
  await useQueue(folder);
  assert.match(warnings[0] ?? "", /, and 90 more\.$/);
});

test("the largest name of a segment is one", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, "99999999999999999999.batches"), "");
  await useQueue(folder);
  assert.deepEqual(segments(folder), [segmentName(1)]);
});

function warningsOf({ mock }: TestContext): string[] {
  const warnings: string[] = [];
  mock.method(process, "emitWarning", (warning: string) => warnings.push(warning));
  return warnings;
}
