import test from 'ava'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { readIdx } from '../lib/data/idx.js'
import { GemmnetError } from '../lib/errors.js'

/** An IDX file: type, sizes of the dimensions, bytes of the values. */
function idx(type: number, shape: readonly number[], values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length)
  bytes.set([0, 0, type, shape.length])
  shape.forEach((size, i) => {
    new DataView(bytes.buffer).setUint32(4 + 4 * i, size)
  })
  bytes.set(values, 4 + 4 * shape.length)
  return bytes
}

test('every type is read, big-endian, into an array of its own', async (t) => {
  const cases = [
    [0x08, [0, 255], Uint8Array.of(0, 255)],
    [0x09, [1, 255], Int8Array.of(1, -1)],
    [0x0b, [0x12, 0x34, 0xff, 0xfe], Int16Array.of(0x1234, -2)],
    [0x0c, [0x12, 0x34, 0x56, 0x78, 0xff, 0xff, 0xff, 0xfe], Int32Array.of(0x12345678, -2)],
    [0x0d, [0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0], Float32Array.of(1, -2.5)],
    [0x0e, [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 4, 0, 0, 0, 0, 0, 0], Float64Array.of(1, -2.5)],
  ] as const
  for (const [type, values, data] of cases)
    t.deepEqual(await readIdx(idx(type, [2], values)), { data, shape: [2] })
})

test('the shape is kept and the bytes are copied', async (t) => {
  const bytes = idx(0x08, [2, 1, 3], [1, 2, 3, 4, 5, 6])
  const { data, shape } = await readIdx(bytes)
  bytes.fill(0)
  t.deepEqual(shape, [2, 1, 3])
  t.deepEqual(data, Uint8Array.of(1, 2, 3, 4, 5, 6))
  t.deepEqual(await readIdx(idx(0x0e, [0, 7], [])), { data: new Float64Array(0), shape: [0, 7] })
})

test('gzip is known by its first bytes, not by a name', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
  const path = join(folder, 'labels')
  await writeFile(path, gzipSync(idx(0x08, [2], [7, 8])))
  const labels = { data: Uint8Array.of(7, 8), shape: [2] }
  t.deepEqual(await readIdx(path), labels)
  t.deepEqual(await readIdx(pathToFileURL(path)), labels)
  t.deepEqual(await readIdx(gzipSync(idx(0x08, [2], [7, 8]))), labels)
  await rm(folder, { recursive: true })
})

test('a compressed file unfolds no further than allowed', async (t) => {
  const bomb = gzipSync(new Uint8Array(10_000_000))
  await t.throwsAsync(readIdx(bomb, { maximumBytes: 100_000 }), {
    code: 'ERR_BAD_FILE',
    message: 'unfolds to more than 100000 bytes',
  })
})

const damaged: Record<string, [bytes: Uint8Array, message: string]> = {
  'no bytes': [new Uint8Array(0), 'it does not start with two zeros, a type and a rank'],
  text: [new TextEncoder().encode('1,2,3'), 'it does not start with two zeros, a type and a rank'],
  'an unknown type': [idx(0x0a, [1], [1]), 'type 0x0a is unknown'],
  'no dimensions': [idx(0x08, [], [1]), 'it has no dimensions'],
  'half a header': [idx(0x08, [1], []).subarray(0, 6), '6 bytes are too few for 1 dimensions'],
  'too few values': [idx(0x08, [2, 2], [1, 2, 3]), 'shape [2, 2] takes 4 bytes, it has 3'],
  'too many values': [idx(0x0b, [1], [1, 2, 3]), 'shape [1] takes 2 bytes, it has 3'],
  'an absurd shape': [
    idx(0x08, [2 ** 31, 2 ** 31], [1]),
    `shape [2147483648, 2147483648] takes ${2 ** 62} bytes, it has 1`,
  ],
}

for (const [what, [bytes, message]] of Object.entries(damaged))
  test(`an IDX file is refused: ${what}`, async (t) => {
    const error = { instanceOf: GemmnetError, code: 'ERR_BAD_FILE' }
    await t.throwsAsync(readIdx(bytes), {
      ...error,
      message: `not a valid IDX file: ${message}`,
    })
    await t.throwsAsync(readIdx(gzipSync(bytes)), error)
  })

test('damaged compression is refused and the file named', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
  const path = join(folder, 'labels.gz')
  await writeFile(path, gzipSync(idx(0x08, [2], [7, 8])).subarray(0, -9))
  await t.throwsAsync(readIdx(path), {
    code: 'ERR_BAD_FILE',
    message: `${path}: not a valid gzip file`,
  })
  await rm(folder, { recursive: true })
})

test('a source that is none is refused', async (t) => {
  await t.throwsAsync(readIdx('/no/such/file'), { code: 'ENOENT' })
  // @ts-expect-error: what JavaScript can pass
  await t.throwsAsync(readIdx(5), {
    instanceOf: TypeError,
    message: 'Expected `source` to be a path or a file: URL, got `5`',
  })
  await t.throwsAsync(readIdx(new Uint8Array(4), { maximumBytes: 0 }), { instanceOf: RangeError })
  await t.throwsAsync(readIdx(new Uint8Array(4), { maxBytes: 9 } as object), {
    message: 'Unknown option `maxBytes` for `readIdx`; did you mean `maximumBytes`?',
  })
})
