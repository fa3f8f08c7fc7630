import { types } from 'node:util'

/** The `code` of a {@link GemmnetError}. */
export type ErrorCode =
  /** A file or a byte array is damaged, or not in the format it should be in. */
  | 'ERR_BAD_FILE'
  /** Weights were set, or a second fit started, while the network trains. */
  | 'ERR_NETWORK_BUSY'
  /** The native addon is missing for this platform; the message holds the command to run. */
  | 'ERR_NO_BINARY'
  /** A data set that is not shipped with gemmnet is not installed. */
  | 'ERR_NO_DATA'
  /** An optional package is not installed; the message holds the command to run. */
  | 'ERR_NO_PACKAGE'
  /** The loss became NaN or infinite; see `epoch`, `batch` and `layer`. */
  | 'ERR_NON_FINITE_LOSS'
  /** A transformer or pipeline is used that has not learned from data yet. */
  | 'ERR_NOT_FITTED'

/** Where a {@link GemmnetError} happened. */
export interface ErrorDetails {
  /** Epoch, counted from 1. */
  readonly epoch?: number
  /** Batch within the epoch, counted from 1. */
  readonly batch?: number
  /** Index of the layer in the network. */
  readonly layer?: number
  /** Row of the data set that was given, counted from 0. */
  readonly row?: number
  /** The file that was read or written. */
  readonly path?: string
  /** Line of the file, counted from 1. */
  readonly line?: number
  /** Name of the column of a table. */
  readonly column?: string
}

/** A failure that is not the caller's argument: a busy network, a diverged loss, a bad file. */
export class GemmnetError extends Error {
  static {
    this.prototype.name = 'GemmnetError'
  }

  /** What went wrong, for programs. */
  readonly code: ErrorCode
  /** Epoch, counted from 1. */
  declare readonly epoch?: number
  /** Batch within the epoch, counted from 1. */
  declare readonly batch?: number
  /** Index of the layer in the network. */
  declare readonly layer?: number
  /** Row of the data set that was given, counted from 0. */
  declare readonly row?: number
  /** The file that was read or written. */
  declare readonly path?: string
  /** Line of the file, counted from 1. */
  declare readonly line?: number
  /** Name of the column of a table. */
  declare readonly column?: string

  constructor(code: ErrorCode, message: string, details: ErrorDetails & { cause?: unknown } = {}) {
    const { cause, ...where } = details
    super(message, 'cause' in details ? { cause } : undefined)
    this.code = code
    Object.assign(this, where)
  }
}

/** The same error, with the row of the data given that it is about, counted from 0, for programs. */
export function atRow<E extends Error>(error: E, row: number): E & { readonly row: number } {
  return Object.assign(error, { row })
}

/**
 * A file or byte array that is damaged or of another format.
 *
 * @param message - what is wrong with it
 * @param path - the file; it starts the message
 * @param cause - the error that a parser threw
 */
export function badFile(message: string, path?: string, cause?: unknown): GemmnetError {
  return new GemmnetError('ERR_BAD_FILE', path === undefined ? message : `${path}: ${message}`, {
    ...(path !== undefined && { path }),
    ...(cause !== undefined && { cause }),
  })
}

/**
 * A text file that is damaged or not as it should be, at a line: ``file.csv, line 3, column 'age': ...``
 *
 * @param message - what is wrong there
 * @param line - counted from 1
 * @param column - the column's name, where it lies in one
 */
export function badLine(
  message: string,
  line: number,
  column?: string,
  path?: string,
): GemmnetError {
  const place = `line ${line}${column === undefined ? '' : `, column ${show(column)}`}`
  return new GemmnetError(
    'ERR_BAD_FILE',
    `${path === undefined ? place : `${path}, ${place}`}: ${message}`,
    { line, ...(column !== undefined && { column }), ...(path !== undefined && { path }) },
  )
}

const longestShown = 40

/**
 * Shows a value shortly, for an error message: strings are quoted and cut at 40 characters,
 * arrays are summarised (`Float32Array(10)`), objects are named by their class.
 * Never throws, whatever the value's getters do.
 */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      const shown = value.length > longestShown ? `${value.slice(0, longestShown)}...` : value
      return `'${JSON.stringify(shown).slice(1, -1).replaceAll('\\"', '"')}'`
    }
    case 'bigint':
      return `${value}n`
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'function':
      return 'Function'
    case 'object':
      return value === null ? 'null' : showObject(value)
    default:
      return String(value)
  }
}

function showObject(value: object): string {
  try {
    const { constructor } = value
    const name = typeof constructor === 'function' && constructor.name ? constructor.name : 'Object'
    const counted = Array.isArray(value) || types.isTypedArray(value)
    return counted ? `${name}(${value.length})` : name
  } catch {
    return 'Object' // a revoked proxy, a throwing getter
  }
}

/**
 * Words the one message for a wrong argument:
 * ``Expected `batchSize` to be a positive integer, got `0` ``.
 *
 * @param name - the argument or option, as the caller wrote it
 * @param what - what it has to be, after "to be"
 * @param got - the value itself; it is shown by {@link show}
 */
export function expected(name: string, what: string, got: unknown): string {
  return `Expected \`${name}\` to be ${what}, got \`${show(got)}\``
}

/** {@link expected} for a value of the wrong type. */
export function typeError(name: string, what: string, got: unknown): TypeError {
  return new TypeError(expected(name, what, got))
}

/** {@link expected} for a value of the right type that lies outside its range. */
export function rangeError(name: string, what: string, got: unknown): RangeError {
  return new RangeError(expected(name, what, got))
}

/**
 * An option that does not exist, with the nearest one that does:
 * ``Unknown option `lerningRate` for `sgd`; did you mean `learningRate`?``
 *
 * @param option - the option the caller wrote
 * @param owner - the function or class that was given it
 * @param known - the options it takes
 */
export function unknownOption(option: string, owner: string, known: Iterable<string>): TypeError {
  return new TypeError(`Unknown option \`${option}\` for \`${owner}\`; ${suggest(option, known)}`)
}

/**
 * A name that is in no table, with the nearest one that is:
 * ``Unknown activation `sigmod`; did you mean `sigmoid`?``
 *
 * @param kind - what the name should be of: `activation`, `loss`, `optimizer`
 * @param name - the name the caller wrote
 * @param known - the names in the table
 */
export function unknownName(kind: string, name: string, known: Iterable<string>): RangeError {
  return new RangeError(`Unknown ${kind} \`${name}\`; ${suggest(name, known)}`)
}

/** `a, b or c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`
}

/** What other libraries call things, by what it is here. */
const namesElsewhere: Readonly<Record<string, readonly string[]>> = {
  accuracy: ['acc'],
  binaryCrossentropy: ['bce', 'BCELoss'],
  categoricalCrossentropy: ['crossEntropy', 'crossEntropyLoss', 'sparseCategoricalCrossentropy'],
  learningRate: ['lr', 'eta'],
  meanAbsoluteError: ['mae', 'l1Loss'],
  meanSquaredError: ['mse', 'MSELoss'],
  restoreBest: ['restoreBestWeights'],
  validation: ['validationData'],
}

/** A name without what its spelling differs in: `mean_squared_error`, `MeanSquaredError`. */
const plain = (name: string) => name.replaceAll(/[_-]/g, '').toLowerCase()

function suggest(word: string, known: Iterable<string>): string {
  const names = [...known]
  const near =
    names.find((name) => namesElsewhere[name]?.some((other) => plain(other) === plain(word))) ??
    nearest(word, names)
  if (near !== undefined) return `did you mean \`${near}\`?`
  if (names.length === 0) return 'there are none'
  return `known: ${names.map((name) => `\`${name}\``).join(', ')}`
}

/**
 * The known word that was probably meant, or `undefined` when none is near: at most a third of
 * the letters may differ. Upper and lower case count as equal; the first of equals wins.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Infinity
  for (const candidate of known) {
    const longer = Math.max(word.length, candidate.length)
    if (longer > 2 * candidate.length) continue // spares the distance of absurdly long words
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance <= longer / 3 && distance < least) {
      best = candidate
      least = distance
    }
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours between two words. */
function editDistance(a: string, b: string): number {
  const at = (row: readonly number[], column: number): number => row[column] ?? Infinity
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = swapped ? at(beforeLast, j - 2) + 1 : Infinity
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced, swap))
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}
