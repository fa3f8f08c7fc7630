import type { Codes } from './codes.js'
import { rangeError, typeError } from './errors.js'
import { joinArrays } from './matrix.js'
import { native } from './native.js'
import { checks } from './options/index.js'

// How the rows of a Dataset or a Table are dealt to parts and folds, as lists of row numbers. Every
// part comes from one dealing, in which each row has one place: no row can be in two.

/** What of the rows a dealing goes by. */
export interface Dealing {
  readonly rows: number
  /** Default 0. */
  readonly seed?: number | undefined
  /** Default true. */
  readonly shuffle?: boolean | undefined
  /** Of which each part gets its share. */
  readonly classes?: Codes | undefined
  /** Which stay together. */
  readonly groups?: Codes | undefined
  /** Which stay together, and are taken in this order. */
  readonly time?: Codes | undefined
  /** Which are one row of a Dataset, and stay together. */
  readonly copies?: Codes | undefined
}

/** A fold's rows. */
export interface FoldRows {
  readonly train: Uint32Array
  readonly validation: Uint32Array
}

/** Deals rows to named parts. */
export function splitRows<Name extends string>(
  dealing: Dealing,
  parts: Readonly<Record<Name, number>>,
): [Name, Uint32Array][] {
  if (typeof parts !== 'object' || (parts as unknown) === null)
    throw typeError('parts', 'an object with a fraction or a number of rows for each name', parts)
  const names = Object.keys(parts) as Name[]
  const lists = deal(dealing, partSizes(names, parts, dealing.rows))
  return names.map((name, i) => [name, lists[i] ?? new Uint32Array()])
}

/** Deals rows to `k` parts of about one size, of which each is a fold's validation set. */
export function foldRows(dealing: Dealing, k: number): FoldRows[] {
  if (checks.positiveInteger('k', k) < 2) throw rangeError('k', 'at least 2', k)
  const { rows } = dealing
  if (k > rows) throw rangeError('k', `at most ${rows}, the number of rows`, k)
  const sizes = Array.from({ length: k }, (_, i) => Math.floor(rows / k) + Number(i < rows % k))
  const lists = deal(dealing, sizes)
  return lists.map((validation, fold) => {
    const train = joinArrays(lists.filter((_, i) => i !== fold))
    return { train: dealing.shuffle === false ? train.sort() : train, validation }
  })
}

/** Settings of {@link timeSeriesRows}. */
interface TimeSeries {
  readonly gap: number
  readonly validationSize: number | undefined
  readonly maxTrainSize: number | undefined
}

/**
 * Folds in order of time: the validation sets follow one another up to the last row, and each
 * fold's training rows are all those before, as scikit-learn's TimeSeriesSplit has it.
 */
export function timeSeriesRows(
  dealing: Dealing,
  k: number,
  { gap, validationSize, maxTrainSize = Infinity }: TimeSeries,
): FoldRows[] {
  checks.positiveInteger('k', k)
  const size = validationSize ?? Math.floor(dealing.rows / (k + 1))
  const first = dealing.rows - k * size
  const tooFew = () =>
    new RangeError(
      `${dealing.rows} rows are too few for training rows before ${k} validation sets of ${size}` +
        (gap === 0 ? '' : ` and a gap of ${gap}`),
    )
  if (size === 0 || first <= gap) throw tooFew()
  const lists = deal({ ...dealing, shuffle: false }, [first, ...Array<number>(k).fill(size)])
  return lists.slice(1).map((validation, fold) => {
    const before = joinArrays(lists.slice(0, fold + 1))
    const end = before.length - gap
    if (end <= 0) throw tooFew() // rows that stay together can have moved the first set's begin
    return { train: before.subarray(Math.max(0, end - maxTrainSize), end), validation }
  })
}

/** Whoever deals rows: checks that options go together, and that rows that are one stay so. */
function deal(dealing: Dealing, sizes: readonly number[]): Uint32Array[] {
  const { rows, classes, copies, time } = dealing
  checkUse(dealing)
  const together = time ?? dealing.groups ?? copies
  if (together !== undefined && copies !== undefined) checkCopies(copies, together)
  if (together !== undefined && together.count < sizes.length)
    throw new RangeError(
      `${sizes.length} parts need as many ${kindOf(dealing)}, there are ${together.count}`,
    )
  const shuffle = time === undefined && dealing.shuffle !== false
  const lists = native.deal({
    rows,
    sizes,
    labels: classes?.codes,
    classes: classes?.count ?? 0,
    groups: together?.codes,
    groupCount: together?.count ?? 0,
    shuffle,
    seed: dealing.seed ?? 0,
  })
  // As they stand, whatever they were dealt by.
  return shuffle || time !== undefined ? lists : lists.map((list) => list.sort())
}

function kindOf({ time, groups }: Dealing): string {
  if (time !== undefined) return 'points in time'
  return groups === undefined ? 'different rows' : 'groups'
}

function checkUse({ time, groups, classes, seed, shuffle }: Dealing): void {
  const given = { groups, stratify: classes, shuffle: shuffle === true || undefined }
  const [vain] = Object.entries(given).find(([, value]) => value !== undefined) ?? []
  if (time !== undefined && vain !== undefined)
    throw new RangeError(`\`${vain}\` does not go with \`time\`, which decides the parts`)
  if (seed !== undefined && (time !== undefined || shuffle === false))
    throw new RangeError('`seed` is of no use: the rows are not shuffled')
}

/** Checks that copies of one row do not belong to two groups, or times. */
function checkCopies(copies: Codes, { codes }: Codes): void {
  const firsts = new Int32Array(copies.count).fill(-1)
  copies.codes.forEach((copy, row) => {
    const first = firsts[copy] ?? -1
    if (first < 0) firsts[copy] = row
    else if (codes[first] !== codes[row])
      throw new RangeError(
        `Rows ${first} and ${row} are copies of one row, but do not belong together`,
      )
  })
}

/** Rows per part: a part ends where the fractions up to it, times the rows, are rounded down. */
function partSizes<Name extends string>(
  names: readonly Name[],
  parts: Readonly<Record<Name, number>>,
  rows: number,
): number[] {
  const shares = names.map((name) => checks.positive(`parts.${name}`, parts[name]))
  const total = shares.reduce((sum, share) => sum + share, 0)
  const areFractions = shares.every((share) => share < 1)
  const rounding = 1e-9
  if (areFractions ? total > 1 + rounding : total > rows)
    throw new RangeError(
      `Expected the parts to sum to at most ${areFractions ? '1' : `${rows} rows`}, got ${total}`,
    )
  if (!areFractions)
    return names.map((name) => checks.positiveInteger(`parts.${name}`, parts[name]))
  let sum = 0
  let end = 0
  return shares.map((share, i) => {
    const begin = end
    sum += share
    end = Math.floor(sum * rows + rounding)
    if (end === begin)
      throw new RangeError(`\`parts.${names[i] ?? ''}\` is less than a row of ${rows}`)
    return end - begin
  })
}
