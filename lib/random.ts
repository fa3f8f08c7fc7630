import { native } from './native.js'

/** What numbers are drawn for; each use has draws of its own. Changing one changes seeded results. */
const uses = { seeds: 0, candidates: 1, sizes: 2, toys: 3 } as const

/** `count` numbers in [0, 1) from `first` on, each a function of seed, use and its place only. */
export function random(
  seed: number,
  use: keyof typeof uses,
  count: number,
  first = 0,
): Float64Array {
  return native.random(seed, uses[use], first, count)
}

/** Seeds for parts of what has one seed, by their place. */
export function drawSeeds(seed: number, count: number): number[] {
  return Array.from(random(seed, 'seeds', count), (value) => value * 2 ** 53) // 53 bits: an integer
}
