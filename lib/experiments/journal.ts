import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { open, readFile, truncate } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import type { Dataset } from '../dataset.js'
import { badFile, GemmnetError, typeError } from '../errors.js'
import type { MetricName } from '../options/index.js'
import type { Candidate, DataScores, DataSets, Trial } from './trial.js'
import { entriesOf } from './trial.js'

/** What an experiment is, as far as a file can tell: equal ones have equal trials. */
export type Identity = Readonly<Record<string, unknown>>

/** A line of the file: a finished trial. */
interface Line {
  readonly index: number
  readonly stage: number
  readonly point: unknown
  readonly epochs: number
  readonly seconds: number
  readonly scores?: object
  readonly error?: Pick<GemmnetError, 'message' | 'epoch' | 'batch' | 'layer' | 'row'>
}

const format = 'gemmnet experiment 1'

/**
 * The finished trials of an experiment in a file of JSON lines, from which it can go on after its
 * process has ended: the first line says which experiment it is, each other is a trial. A line is
 * written as a whole; a last one that was not, is as if it had not been written.
 */
export class Journal {
  readonly #path: string
  readonly #file: FileHandle
  readonly #lines: ReadonlyMap<string, Line>
  #written: Promise<void> = Promise.resolve()

  private constructor(path: string, file: FileHandle, lines: ReadonlyMap<string, Line>) {
    this.#path = path
    this.#file = file
    this.#lines = lines
  }

  /**
   * Opens the file of an experiment, or begins it.
   *
   * @throws GemmnetError `ERR_BAD_FILE` if it is of another experiment, or of another format
   * @throws the system's error if it cannot be read or written
   */
  static async open(path: string, identity: Identity): Promise<Journal> {
    const header = `${toJson({ format, ...identity })}\n`
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
      throw error
    })
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    if (whole === '' && !header.startsWith(text)) throw notOurs(path)
    const [first, ...others] = whole.split('\n').slice(0, -1)
    if (first !== undefined) checkHeader(path, first, identity)
    const lines = others.flatMap((line, i) => {
      // Two that began the file at once have both said which experiment it is.
      return line === first ? [] : [toLine(path, i + 2, line)]
    })
    if (text.length > whole.length) await truncate(path, Buffer.byteLength(whole))
    const file = await open(path, 'a')
    try {
      if (first === undefined) await file.appendFile(header)
    } catch (error) {
      await file.close()
      throw error
    }
    return new Journal(
      path,
      file,
      new Map(lines.map((line) => [keyOf(line.index, line.stage), line])),
    )
  }

  /** The trial of a candidate after a stage, if the file has it. */
  find<P, M extends MetricName, D extends DataSets>(
    { index, point, seed, data }: Candidate<P, D>,
    stage: number,
  ): Trial<P, M, D> | undefined {
    const line = this.#lines.get(keyOf(index, stage))
    if (line === undefined) return undefined
    const { epochs, seconds, scores, error } = line
    if (scores !== undefined && !Object.keys(data).every((name) => name in scores))
      throw badFile(`the scores of trial ${index} are not of the data sets`, this.#path)
    return {
      index,
      point,
      seed,
      epochs,
      seconds,
      scores: scores as DataScores<M, D> | undefined, // written from such; the identity is checked
      error: error && toError(error),
      network: undefined,
    }
  }

  /** Writes a trial behind those that are there. */
  append(trial: Trial<unknown>, stage: number): Promise<void> {
    const { index, point, epochs, seconds, scores, error } = trial
    const { message, epoch, batch, layer, row } = error ?? {}
    const line = toJson({
      ...{ index, stage, point, epochs, seconds, scores },
      ...(error && { error: { message, epoch, batch, layer, row } }),
    })
    this.#written = this.#written.then(() => this.#file.appendFile(`${line}\n`))
    return this.#written
  }

  async close(): Promise<void> {
    await this.#written.catch(() => undefined) // whoever wrote has heard of it
    await this.#file.close()
  }
}

const keyOf = (index: number, stage: number) => `${index} ${stage}`

function notOurs(path: string): GemmnetError {
  return badFile('it is no file of an experiment, and is left as it is', path)
}

function checkHeader(path: string, line: string, identity: Identity): void {
  const found = parse(line)
  if (found?.format !== format) throw notOurs(path)
  const other = Object.keys(identity).filter((key) => toJson(found[key]) !== toJson(identity[key]))
  if (other.length > 0)
    throw badFile(
      `it is of another experiment: ${other.map((key) => `\`${key}\``).join(', ')} ` +
        `${other.length === 1 ? 'is' : 'are'} not the same. Give each experiment a file of its own`,
      path,
    )
}

function toLine(path: string, number: number, text: string): Line {
  const line = parse(text)
  const { index, stage, epochs, seconds, scores, error } = line ?? {}
  const isWhole = [index, stage, epochs].every((value) => Number.isSafeInteger(value))
  const isTrial = typeof seconds === 'number' && (isObject(scores) || isObject(error))
  if (!isWhole || !isTrial) throw badFile(`line ${number} is no trial`, path)
  return line as unknown as Line // as far as its own use goes
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text, (_, entry: unknown) => fromText(entry))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function toError({ message, ...where }: NonNullable<Line['error']>): GemmnetError {
  return new GemmnetError('ERR_NON_FINITE_LOSS', message, where)
}

// JSON has no NaN nor infinity; a score can be either.
const nonFinite = new Map([NaN, Infinity, -Infinity].map((value) => [`number ${value}`, value]))
const fromText = (value: unknown) => nonFinite.get(value as string) ?? value
const toText = (_: string, value: unknown) =>
  typeof value === 'number' && !Number.isFinite(value) ? `number ${value}` : value

/** JSON, or undefined for what it cannot say, such as a function. */
function toJson(value: unknown): string | undefined {
  return JSON.stringify(value, toText)
}

/**
 * Checks that a file can tell a value from others: numbers, texts, flags, and arrays and objects of
 * them, but no functions nor instances of classes.
 */
export function checkPlain(name: string, value: unknown): void {
  if (Array.isArray(value))
    value.forEach((entry: unknown, i) => {
      checkPlain(`${name}[${i}]`, entry)
    })
  else if (
    isObject(value) &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)
  )
    for (const [key, entry] of Object.entries(value)) checkPlain(`${name}.${key}`, entry)
  else if (value !== null && !['number', 'string', 'boolean', 'undefined'].includes(typeof value))
    throw typeError(
      name,
      'what a `file` can hold: numbers, texts, flags, arrays and objects of them',
      value,
    )
}

/** Rows that are copied at once. */
const chunk = 4096

/** What tells data sets from others: a hash of features, targets and weights, as the network sees them. */
export async function fingerprint(data: DataSets): Promise<Record<string, string>> {
  const prints: [string, string][] = []
  for (const [name, set] of entriesOf(data)) prints.push([name, await hashOf(set)])
  return Object.fromEntries(prints)
}

async function hashOf(set: Dataset): Promise<string> {
  const { rows, features, outputs, classes } = set
  const hash = createHash('sha256').update(toJson([rows, features, outputs, classes]) ?? '')
  for (let begin = 0; begin < rows; begin += chunk) {
    const size = Math.min(chunk, rows - begin)
    const { x, y, sampleWeights } = set.subset(
      Int32Array.from({ length: size }, (_, i) => begin + i),
    )
    for (const values of [x.data, y && 'shape' in y ? y.data : y, sampleWeights])
      if (values !== undefined)
        hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    await setImmediate() // a large set would keep the event loop
  }
  return hash.digest('hex')
}
