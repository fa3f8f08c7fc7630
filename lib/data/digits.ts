import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Dataset } from '../dataset.js'
import { badFile } from '../errors.js'
import { findPackageRoot } from '../package_root.js'

const rows = 1797
const pixels = 64
const classes = 10
const unzip = promisify(gunzip)

/**
 * Loads the handwritten digits that come with gemmnet: 1797 images of 8 x 8 pixels, row by row,
 * with values from 0 to 16 (those of `loadMnist` are scaled, from 0 to 1), and their digits as
 * labels. `new Dataset(digits.x, digits.y, { scale: 1 / 16 })` scales them.
 *
 * Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
 * Learning Repository, 1998 (the test set, CC BY 4.0); scikit-learn's `load_digits`.
 *
 * @returns features `Uint8Array`, shape `[1797, 64]`; labels 0 to 9
 * @throws GemmnetError `ERR_BAD_FILE` if the installed file is damaged, `ERR_NO_DATA` if gemmnet's
 * folder is not found
 */
export async function loadDigits(): Promise<Dataset> {
  const path = join(findPackageRoot(), 'lib', 'data', 'digits.csv.gz')
  const bytes = await readFile(path)
  let text: string
  try {
    text = (await unzip(bytes, { maxOutputLength: 2 ** 20 })).toString('latin1')
  } catch (error) {
    throw badFile('the digits are damaged; install gemmnet again', path, error)
  }
  const values = Uint8Array.from(text.trimEnd().split(/[,\n]/), Number)
  if (values.length !== rows * (pixels + 1))
    throw badFile('the digits are damaged; install gemmnet again', path)

  const features = new Uint8Array(rows * pixels)
  const labels = new Uint8Array(rows)
  for (let row = 0; row < rows; row++) {
    const line = values.subarray(row * (pixels + 1), (row + 1) * (pixels + 1))
    features.set(line.subarray(0, pixels), row * pixels)
    labels.set(line.subarray(pixels), row)
  }
  return new Dataset({ data: features, shape: [rows, pixels] }, labels, { classes })
}
