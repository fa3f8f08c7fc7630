import test from 'ava'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { NpyArray } from '../lib/index.js'
import { Dataset, GemmnetError, readNpy, readNpz } from '../lib/index.js'
import { findPackageRoot } from '../lib/package_root.js'
import { randomNumbers } from './helpers/data.js'

const folder = join(findPackageRoot(), 'test', 'fixtures', 'npy') // written by numpy: see make.py
const path = (name: string) => join(folder, name)
const file = (name: string) => readFileSync(path(name))

const integers = [0, 1, 2, 3, 4, 250]
const small = integers.map((value) => value % 128)
const halves = integers.map((value) => value / 2)
const types: Record<string, NpyArray['data']> = {
  b1: Uint8Array.of(0, 1, 1, 1, 1, 1),
  u1: Uint8Array.from(small),
  i1: Int8Array.from(small),
  u2: Uint16Array.from(small),
  i2: Int16Array.from(small),
  u4: Uint32Array.from(small),
  i4: Int32Array.from(small),
  u8: Float64Array.from(small),
  i8: Float64Array.from(small),
  f2: Float32Array.from(halves),
  f4: Float32Array.from(halves),
  f8: Float64Array.from(halves),
}
for (const [type, data] of Object.entries(types))
  test(`npy values of type ${type} are read, in either byte order`, async (t) => {
    t.deepEqual(await readNpy(path(`${type}.npy`)), { data, shape: [2, 3] })
    if (!type.endsWith('1')) t.deepEqual(await readNpy(file(`${type}_big.npy`)), { data, shape: [2, 3] }) // prettier-ignore
  })

test('every version of the format is read, and gzip unfolded', async (t) => {
  const array = { data: Float32Array.from(integers), shape: [2, 3] }
  t.deepEqual(await readNpy(file('version2.npy')), array)
  t.deepEqual(await readNpy(file('version3.npy')), array)
  t.deepEqual(await readNpy(gzipSync(file('version2.npy'))), array)
})

test('arrays are row-major, whatever their order in the file and their rank', async (t) => {
  const data = Int32Array.from({ length: 24 }, (_, i) => i)
  t.deepEqual(await readNpy(file('fortran.npy')), { data, shape: [2, 3, 4] })
  t.deepEqual(await readNpy(file('scalar.npy')), { data: Float64Array.of(1.5), shape: [] })
  t.deepEqual(await readNpy(file('empty.npy')), { data: new Float64Array(0), shape: [0, 3] })
})

test('the arrays of an npz file come by name and make a Dataset', async (t) => {
  const stored = await readNpz(path('stored.npz'))
  t.deepEqual(Object.keys(stored), ['x', 'y', '__proto__'])
  t.deepEqual(stored.__proto__, { data: Float64Array.of(1, 1), shape: [2] })
  const { x, y } = stored
  if (x === undefined || y === undefined) return t.fail()
  const data = new Dataset(x, Int32Array.from(y.data))
  t.like(data, { rows: 2, features: 3, classes: 2 })
  const deflated = await readNpz(file('deflated.npz'))
  t.deepEqual(deflated.x, { data: new Float64Array(1000), shape: [100, 10] })
  t.is(deflated.y?.data[99], 99)
})

test('compressed arrays unfold no further than allowed', async (t) => {
  await t.throwsAsync(readNpz(file('deflated.npz'), { maximumBytes: 8000 }), {
    code: 'ERR_BAD_FILE',
    message: 'not a valid npz file: it unfolds to more than 8000 bytes',
  })
  await t.throwsAsync(readNpy(gzipSync(new Uint8Array(1e6)), { maximumBytes: 1000 }), {
    code: 'ERR_BAD_FILE',
    message: 'unfolds to more than 1000 bytes',
  })
})

/** An npy file with this header. */
function npy(header: string, values = '', version = 1): Buffer {
  const length = Buffer.alloc(version === 1 ? 2 : 4)
  length.writeUIntLE(header.length, 0, length.length)
  return Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Buffer.of(version, 0), length, Buffer.from(header + values, 'latin1')]) // prettier-ignore
}
const header = (shape: string, descr = '<f8') =>
  `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`

const damaged: Record<string, [bytes: Uint8Array, message: string]> = {
  'no bytes': [new Uint8Array(0), 'it does not start with \\x93NUMPY'],
  text: [Buffer.from('1,2,3'), 'it does not start with \\x93NUMPY'],
  'another version': [npy(header('(1,)'), '', 4), 'version 4.0 is unknown'],
  'half a header': [file('f4.npy').subarray(0, 50), 'its header is cut off'],
  'no length': [file('f4.npy').subarray(0, 9), 'its header is cut off'],
  'too few values': [file('f4.npy').subarray(0, -1), 'shape [2, 3] takes 24 bytes, it has 23'],
  'too many values': [Buffer.concat([file('f4.npy'), Buffer.of(0)]), 'shape [2, 3] takes 24 bytes, it has 25'], // prettier-ignore
  'no shape': [npy("{'descr': '<f8', 'fortran_order': False}"), 'its header lacks descr, fortran_order or shape'], // prettier-ignore
  'an absurd shape': [npy(header('(4294967296, 4294967296)')), `shape [4294967296, 4294967296] takes ${2 ** 67} bytes, it has 0`], // prettier-ignore
  'an impossible size': [npy(header('(99999999999999999999,)')), 'shape (99999999999999999999,) is too large'], // prettier-ignore
  'too many dimensions': [npy(header(`(${'1, '.repeat(65)})`)), 'it has 65 dimensions'],
  'a header beyond measure': [npy(' '.repeat(70_000), '', 2), 'its header has 70000 bytes'],
  records: [file('records.npy'), 'it holds records, not numbers'],
  texts: [file('texts.npy'), "type '<U2' is not one of numbers"],
  'complex numbers': [file('complex.npy'), "type '<c16' is not one of numbers"],
  'an integer beyond 2^53': [file('beyond.npy'), 'value 0, 9007199254740992, is beyond 2^53'],
}
for (const [what, [bytes, message]] of Object.entries(damaged))
  test(`an npy file is refused: ${what}`, async (t) => {
    await t.throwsAsync(readNpy(bytes), {
      instanceOf: GemmnetError,
      code: 'ERR_BAD_FILE',
      message: `not a valid npy file: ${message}`,
    })
  })

test('whatever is damaged in a file, it is read or refused with ERR_BAD_FILE', async (t) => {
  const random = randomNumbers(3)
  const below = (bound: number) => Math.floor(bound * random())
  for (const name of readdirSync(folder).filter((each) => /np[yz]$/.test(each)))
    for (let i = 0; i < 60; i++) {
      const bytes = Buffer.from(file(name))
      for (let flips = 0; flips < 1 + below(3); flips++) bytes[below(bytes.length)] = below(256)
      const cut = bytes.subarray(0, i % 2 === 0 ? bytes.length : below(bytes.length))
      try {
        await (name.endsWith('y') ? readNpy(cut) : readNpz(cut))
      } catch (error) {
        if (!(error instanceof GemmnetError)) return t.fail(`${name}: ${String(error)}`)
        t.is(error.code, 'ERR_BAD_FILE')
      }
    }
  t.pass()
})

test('a damaged npz file is refused with the name of the array', async (t) => {
  const refuse = async (change: (bytes: Buffer) => Uint8Array | undefined, message: RegExp) => {
    const bytes = Buffer.from(file('stored.npz'))
    await t.throwsAsync(readNpz(change(bytes) ?? bytes), { code: 'ERR_BAD_FILE', message })
  }
  await refuse((bytes) => bytes.subarray(0, 100), /^not a valid npz file: it has no zip directory$/)
  await refuse(() => new Uint8Array(0), /no zip directory/)
  await refuse((bytes) => {
    bytes.fill(255, 180, 190) // values of x
    return undefined
  }, /: x\.npy is damaged$/)
  const central = file('stored.npz').indexOf(Buffer.of(0x50, 0x4b, 1, 2))
  const second = file('stored.npz').indexOf(Buffer.of(0x50, 0x4b, 1, 2), central + 1)
  await refuse((bytes) => {
    const entry = bytes.subarray(central, second)
    const end = Buffer.from(bytes.subarray(-22))
    end.writeUInt16LE(9, 10)
    return Buffer.concat([bytes.subarray(0, central), ...Array.from({ length: 9 }, () => entry), end]) // prettier-ignore
  }, /: its files lie over one another$/)
  await refuse((bytes) => {
    bytes.writeUInt16LE(99, central + 10)
    return undefined
  }, /: x\.npy is compressed by method 99$/)
  await refuse((bytes) => {
    bytes.writeUInt16LE(1, central + 8)
    return undefined
  }, /: x\.npy is encrypted$/)
  await refuse((bytes) => {
    bytes.writeUInt32LE(2 ** 32 - 1, central + 42)
    return undefined
  }, /: x\.npy is not where the directory says$/)
})

test('a source or an option that is none is refused', async (t) => {
  // @ts-expect-error: what JavaScript can pass
  await t.throwsAsync(readNpy(5), { instanceOf: TypeError })
  await t.throwsAsync(readNpz('/no/such/file'), { code: 'ENOENT' })
  await t.throwsAsync(readNpz(new Uint8Array(1), { maximumBytes: 0 }), { instanceOf: RangeError })
})
