// Scores that decide something: which weights, which network.

/** Which way a score is better. */
export type Direction = 'min' | 'max'

/** A score to go by. */
export interface Score {
  readonly value: number
  /** Which way it is better. */
  readonly direction: Direction
}

/** The numbers of a report by their paths: 'loss', 'validation.dev.loss'. Matrices are left out. */
export function numbers(value: object, prefix = ''): [path: string, value: number][] {
  return Object.entries(value).flatMap(([key, entry]: [string, unknown]) => {
    if (typeof entry === 'number') return [[prefix + key, entry]]
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return []
    return numbers(entry, `${prefix}${key}.`)
  })
}

/** Which way the score of that path is better, where the user leaves it open. */
export function directionOf(path: string, direction: 'auto' | Direction): Direction {
  if (direction !== 'auto') return direction
  return /(loss|penalty|error)$/i.test(path) ? 'min' : 'max'
}

/** Whether a score is better than another by more than `minDelta`, or there is no other. NaN never. */
export function isBetter(
  { value, direction }: Score,
  than: number | undefined,
  minDelta = 0,
): boolean {
  if (than === undefined) return !Number.isNaN(value)
  return direction === 'min' ? value + minDelta < than : value - minDelta > than
}
