import type { Matrix } from '../../lib/index.js'

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Rows with entries in [-1, 1), the same for the same seed. */
export function randomRows(rows: number, columns: number, seed = 1): Matrix<Float64Array> {
  const random = randomNumbers(seed)
  return {
    data: Float64Array.from({ length: rows * columns }, () => 2 * random() - 1),
    shape: [rows, columns],
  }
}

/** Labelled rows: those of class c are shifted by 1 in column c. */
export function clouds(
  rows: number,
  columns: number,
  classes: number,
  seed = 1,
): { readonly x: Matrix<Float32Array>; readonly labels: Int32Array } {
  const data = Float32Array.from(randomRows(rows, columns, seed).data)
  const labels = Int32Array.from({ length: rows }, (_, row) => row % classes)
  labels.forEach((label, row) => {
    const place = row * columns + (label % columns)
    data[place] = (data[place] ?? 0) + 1
  })
  return { x: { data, shape: [rows, columns] }, labels }
}
