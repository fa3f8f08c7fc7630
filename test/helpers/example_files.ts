import { tableFromArrays, tableToIPC } from 'apache-arrow'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { findPackageRoot } from '../../lib/package_root.js'

// The files that programs of the documents read: see docs.test.ts.

const fixture = (path: string) => readFileSync(join(findPackageRoot(), 'test', 'fixtures', path))

/** A NumPy file of version 1.0. */
function npy(shape: readonly number[], data: Float32Array | Int32Array): Uint8Array {
  const type = data instanceof Float32Array ? '<f4' : '<i4'
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`
  const size = Math.ceil((header.length + 11) / 64) * 64
  return Buffer.concat([
    Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, (size - 10) & 255, (size - 10) >> 8]),
    Buffer.from(`${header.padEnd(size - 11)}\n`),
    new Uint8Array(data.buffer),
  ])
}

const numbers = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i))
const lines = (length: number, line: (i: number) => string) =>
  Array.from({ length }, (_, i) => `${line(i)}\n`).join('')

export const exampleFiles: Readonly<Record<string, string | Uint8Array>> = {
  'surveys.csv.gz': fixture('portal/surveys.csv.gz'),
  'adult.csv.gz': gzipSync('age,zip,work\n39,02139,State\n50,,Private\n'),
  'large.csv': `a,b,label\n${lines(5000, (i) => `${i % 7},${(i * i) % 11},${i % 2}`)}`,
  'rows.jsonl': lines(20, (i) => JSON.stringify({ born: `19${80 + i}-01-02`, size: i })),
  'rows.arrow': tableToIPC(
    tableFromArrays({ a: numbers(8), label: Int32Array.of(0, 1, 0, 1, 0, 1, 1, 0) }),
  ),
  'x.npy': npy([6, 4], numbers(24)),
  'y.npy': npy([6], Int32Array.of(0, 1, 2, 0, 1, 2)),
  'kernel.npy': npy([64, 10], numbers(640)),
  'bias.npy': npy([10], numbers(10)),
  'train.npz': fixture('npy/stored.npz'),
  'train-images-idx3-ubyte.gz': gzipSync(
    Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4]),
  ),
}
