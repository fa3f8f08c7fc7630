/** How far some work is. */
export interface Progress {
  /** `Epoch 3/100` */
  readonly title: string
  readonly done: number
  readonly total: number
  /** What else there is to tell; the most important first. */
  readonly parts: readonly string[]
}

const separator = ', '
const leastBar = 5 // characters
const mostBar = 32

/** A line without a bar, for where it stays. */
export function toPlainLine({ title, parts }: Progress): string {
  return [title, ...parts].join(separator)
}

/**
 * A line with a bar: of the parts those that there is room for, the first ones before the others. The
 * bar gets what room is left.
 *
 * @param draw - a bar of so many characters
 */
export function toLine(
  { title, parts }: Progress,
  columns: number,
  draw: (characters: number) => string,
): string {
  const room = columns - title.length - ' '.length
  if (room < leastBar) return title.slice(0, columns)
  let told = ''
  for (const part of parts) {
    const longer = told === '' ? ` ${part}` : told + separator + part
    if (longer.length + leastBar <= room) told = longer
  }
  return `${title} ${draw(Math.min(mostBar, room - told.length))}${told}`
}

/** Work of many steps of about the same length. */
export class Pace {
  readonly #began = performance.now()
  readonly #total: number

  constructor(total: number) {
    this.#total = total
  }

  /** So many of them are done: `3 of 49 networks`, and how long the others take. */
  networks(done: number): Progress {
    const title = `${done} of ${this.#total} networks`
    return { title, done, total: this.#total, parts: done > 0 ? [this.left(done)] : [] }
  }

  /** How long it still takes if it goes on as it did: `12 s left`. */
  left(done: number): string {
    const seconds = (performance.now() - this.#began) / 1000
    return `${duration((seconds / done) * (this.#total - done))} left`
  }
}

const units = [
  { name: 's', seconds: 1 },
  { name: 'min', seconds: 60 },
  { name: 'h', seconds: 3600 },
  { name: 'd', seconds: 24 * 3600 },
]
const mostOfUnit = 100

function duration(seconds: number): string {
  const unit = units.find((one) => seconds < mostOfUnit * one.seconds) ?? units.at(-1)
  if (unit === undefined || !Number.isFinite(seconds)) return '?'
  return `${Math.ceil(seconds / unit.seconds)} ${unit.name}`
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 2 })

/** `120K rows/s` */
export function rowsPerSecond(rate: number): string {
  return `${compact.format(rate)} rows/s`
}
