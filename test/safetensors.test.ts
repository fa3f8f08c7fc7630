import test from 'ava'
import { readFile } from 'node:fs/promises'
import { GemmnetError } from '../lib/errors.js'
import type { Tensor } from '../lib/formats/safetensors.js'
import { decodeSafetensors, encodeSafetensors } from '../lib/formats/safetensors.js'

const reference = new URL('../../test/fixtures/reference.safetensors', import.meta.url)

test("the reference implementation's file is read", async (t) => {
  const { tensors, metadata } = decodeSafetensors(await readFile(reference))
  t.deepEqual(metadata, { 'made by': 'safetensors' })
  t.deepEqual(
    new Map(tensors),
    new Map<string, Tensor>([
      ['double', { dtype: 'F64', shape: [2, 1], data: Float64Array.of(1 / 3, -1e300) }],
      ['empty', { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) }],
      ['layers.0.bias', { dtype: 'F32', shape: [3], data: Float32Array.of(0.5, -0, Infinity) }],
      [
        'layers.0.kernel',
        { dtype: 'F32', shape: [2, 3], data: Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25) },
      ],
      ['scalar', { dtype: 'F32', shape: [], data: Float32Array.of(7) }],
    ]),
  )
})

test("what was read is written as the reference implementation's bytes", async (t) => {
  const bytes = new Uint8Array(await readFile(reference))
  t.deepEqual(encodeSafetensors(decodeSafetensors(bytes)), bytes)
})

test('odd names and texts survive writing and reading', (t) => {
  const metadata = JSON.parse('{"__proto__":"a","é\\"{}":"\\n:\\u0000"}') as Record<string, string>
  const data = Float32Array.of(1)
  const names = ['__proto__', '1', '0', '"}', 'ü', '\\', 'toString', '']
  const tensors = new Map(names.map((name) => [name, { dtype: 'F32' as const, shape: [1], data }]))
  const decoded = decodeSafetensors(encodeSafetensors({ tensors, metadata }))
  t.deepEqual([...decoded.tensors.keys()].sort(), names.sort())
  t.deepEqual(Object.entries(decoded.metadata), Object.entries(metadata))
})

test('the values start at a multiple of 8 bytes, wherever the bytes lie in memory', (t) => {
  for (let length = 1; length <= 8; length++) {
    const tensor: Tensor = { dtype: 'F64', shape: [1], data: Float64Array.of(Math.PI) }
    const tensors = new Map([['x'.repeat(length), tensor]])
    const bytes = encodeSafetensors({ tensors, metadata: {} })
    t.is(bytes.length % 8, 0)
    const shifted = new Uint8Array(bytes.length + 1)
    shifted.set(bytes, 1)
    t.deepEqual(new Map(decodeSafetensors(shifted.subarray(1)).tensors), tensors)
  }
})

test('a file without tensors is a file', (t) => {
  const bytes = encodeSafetensors({ tensors: new Map(), metadata: {} })
  t.deepEqual(decodeSafetensors(bytes), { tensors: new Map(), metadata: {} })
})

test('tensors that do not fit their shape, dtype or name are not written', (t) => {
  const encode = (name: string, tensor: unknown) =>
    encodeSafetensors({ tensors: new Map([[name, tensor as Tensor]]), metadata: {} })
  t.throws(() => encode('w', { dtype: 'F32', shape: [2], data: Float32Array.of(1) }), {
    instanceOf: RangeError,
    message: '`w` has 1 values, its shape is [2]',
  })
  t.throws(() => encode('w', { dtype: 'F32', shape: [1], data: Float64Array.of(1) }), {
    instanceOf: TypeError,
    message: 'Expected `w` to be a Float32Array, got `Float64Array(1)`',
  })
  t.throws(() => encode('__metadata__', { dtype: 'F32', shape: [1], data: Float32Array.of(1) }), {
    instanceOf: RangeError,
  })
})

/** A file with a header of any text and so many bytes of data. */
function file(header: string, dataLength = 0): Uint8Array {
  const json = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + json.length + dataLength)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}

function withLength(length: bigint): Uint8Array {
  const bytes = file('{}')
  new DataView(bytes.buffer).setBigUint64(0, length, true)
  return bytes
}

function tensor(fields: object): string {
  return JSON.stringify({ dtype: 'F32', shape: [1], data_offsets: [0, 4], ...fields })
}

const invalidUtf8 = file('{"aaaa":0}')
invalidUtf8[11] = 0xff

const damaged: Record<string, [bytes: Uint8Array, message: string]> = {
  'no bytes': [new Uint8Array(0), '0 bytes are too few for a header'],
  'a header longer than the file': [withLength(3n), 'header of 3 bytes in a file of 10'],
  'a header of absurd length': [
    withLength(2n ** 64n - 1n),
    'it does not begin with the length of a header',
  ],
  'an empty header': [file(''), 'the header does not start with {'],
  'a header that is an array': [file('[]'), 'the header does not start with {'],
  'a header that is not JSON': [file('{"a":'), 'the header is not JSON'],
  'a header that is not UTF-8': [invalidUtf8, 'the header is not JSON'],
  'a name that stands twice': [
    file(`{"a":${tensor({})},"\\u0061" : ${tensor({})}}`, 4),
    "the header has 'a' twice",
  ],
  'a field that stands twice': [
    file('{"a":{"dtype":"F64","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
    "the header has 'dtype' twice",
  ],
  'metadata that are not an object': [
    file('{"__metadata__":null}'),
    '__metadata__ is not an object',
  ],
  'metadata that are not texts': [
    file('{"__metadata__":{"a":1}}'),
    "__metadata__ 'a' is not a string",
  ],
  'a tensor that is not an object': [file('{"a":[]}'), "tensor 'a' is not an object"],
  'a dtype not supported': [
    file(`{"a":${tensor({ dtype: 'BF16' })}}`, 4),
    "tensor 'a' has dtype 'BF16'; gemmnet reads 'F32' and 'F64', convert it first",
  ],
  'a tensor without dtype': [
    file('{"a":{}}'),
    "tensor 'a' has dtype undefined; gemmnet reads 'F32' and 'F64', convert it first",
  ],
  'a negative size': [
    file(`{"a":${tensor({ shape: [-1, -1] })}}`, 4),
    "tensor 'a' has no shape of integers from 0",
  ],
  'a shape beyond all bounds': [
    file(`{"a":${tensor({ shape: [2 ** 40, 2 ** 40] })}}`, 4),
    "tensor 'a' of shape [1099511627776, 1099511627776] and dtype F32 has 4 bytes",
  ],
  'a shape that is not the length': [
    file(`{"a":${tensor({ shape: [2] })}}`, 4),
    "tensor 'a' of shape [2] and dtype F32 has 4 bytes",
  ],
  'three offsets': [
    file(`{"a":${tensor({ data_offsets: [0, 4, 8] })}}`, 4),
    "tensor 'a' has no data_offsets [begin, end]",
  ],
  'offsets the wrong way round': [
    file(`{"a":${tensor({ data_offsets: [4, 0] })}}`, 4),
    "tensor 'a' of shape [1] and dtype F32 has -4 bytes",
  ],
  'a tensor behind the end': [
    file(`{"a":${tensor({})}}`, 3),
    "tensor 'a' ends behind the end of the file",
  ],
  'an overlap': [
    file(`{"a":${tensor({})},"b":${tensor({ data_offsets: [2, 6] })}}`, 6),
    "tensor 'b' overlaps another one",
  ],
  'a gap': [
    file(`{"a":${tensor({})},"b":${tensor({ data_offsets: [8, 12] })}}`, 12),
    "unused bytes before tensor 'b'",
  ],
  'bytes left over': [file(`{"a":${tensor({})}}`, 6), '2 unused bytes at the end'],
}

for (const [what, [bytes, message]] of Object.entries(damaged))
  test(`a file is refused: ${what}`, (t) => {
    t.throws(() => decodeSafetensors(bytes, '/tmp/a.safetensors'), {
      instanceOf: GemmnetError,
      code: 'ERR_BAD_FILE',
      message: `/tmp/a.safetensors: not a valid safetensors file: ${message}`,
    })
  })

test('a header of braces alone is refused in bounded memory', (t) => {
  const nested = '{"":'.repeat(1_000_000)
  t.throws(() => decodeSafetensors(file(nested)), { code: 'ERR_BAD_FILE' })
  t.throws(() => decodeSafetensors(file(`${nested}0${'}'.repeat(1_000_000)}`)), {
    code: 'ERR_BAD_FILE',
  })
})

test('no change or loss of one byte makes the reader throw anything but ERR_BAD_FILE', async (t) => {
  const bytes = new Uint8Array(await readFile(reference))
  const attempt = (changed: Uint8Array) => {
    try {
      decodeSafetensors(changed)
    } catch (error) {
      if (!(error instanceof GemmnetError)) throw error
    }
  }
  for (let i = 0; i < bytes.length; i++) {
    attempt(bytes.subarray(0, i))
    for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
      const changed = bytes.slice()
      changed[i] = (changed[i] ?? 0) ^ bit
      attempt(changed)
    }
  }
  t.pass()
})
