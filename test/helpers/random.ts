import { randomNumbers } from './data.js'

/** Rows with entries in [low, high), the same for the same seed. */
export function randomMatrix(
  rows: number,
  columns: number,
  seed: number,
  low = 0,
  high = 1,
): number[][] {
  const random = randomNumbers(seed)
  return Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => low + (high - low) * random()),
  )
}
