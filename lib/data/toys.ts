import { Dataset } from '../dataset.js'
import type { ToyOptions } from '../options/index.js'
import { complete, toyOptions } from '../options/index.js'
import { random } from '../random.js'

// Points in the plane that networks are tried on. Every draw is one of the package's own generator,
// so that a seed gives the same points everywhere.

/** One point, with a class or a number. */
interface Point {
  readonly x: number
  readonly y: number
  readonly target: number
}

/** How the points of a toy set come about. */
interface Toy {
  /** 0: the targets are numbers. */
  readonly classes: 0 | 2
  /** Point `i` of the `count` points of class `label`. */
  readonly point: (place: Place, random: Random, noise: number) => Point
}

interface Place {
  readonly label: 0 | 1
  readonly i: number
  readonly count: number
}

const turn = 2 * Math.PI

/** The point at this angle on a circle around the origin. */
const onCircle = (angle: number, radius = 1) => ({
  x: radius * Math.cos(angle),
  y: radius * Math.sin(angle),
})

const table = {
  moons: {
    classes: 2,
    point: ({ label, i, count }, random, noise) => {
      const { x, y } = onCircle((Math.PI * i) / Math.max(1, count - 1))
      const [dx, dy] = random.normals(noise)
      return label === 0
        ? { x: x + dx, y: y + dy, target: label }
        : { x: 1 - x + dx, y: 0.5 - y + dy, target: label }
    },
  },
  circles: {
    classes: 2,
    point: ({ label, i, count }, random, noise) => {
      const { x, y } = onCircle((turn * i) / count, label === 0 ? 1 : 0.8)
      const [dx, dy] = random.normals(noise)
      return { x: x + dx, y: y + dy, target: label }
    },
  },
  spiral: {
    classes: 2,
    point: ({ label, i, count }, random, noise) => {
      const radius = (5 * i) / count
      const angle = (1.75 * turn * i) / count + (label === 1 ? 0 : Math.PI)
      return {
        x: radius * Math.sin(angle) + noise * random.between(-1, 1),
        y: radius * Math.cos(angle) + noise * random.between(-1, 1),
        target: label,
      }
    },
  },
  xor: {
    classes: 2,
    point: (_, random, noise) => {
      const padded = (value: number) => value + (value > 0 ? 0.3 : -0.3)
      const x = padded(random.between(-5, 5))
      const y = padded(random.between(-5, 5))
      const noisyX = x + noise * random.between(-5, 5)
      const noisyY = y + noise * random.between(-5, 5)
      return { x, y, target: Number(noisyX * noisyY >= 0) }
    },
  },
  plane: {
    classes: 0,
    point: (_, random, noise) => {
      const x = random.between(-6, 6)
      const y = random.between(-6, 6)
      const sum = x + y + noise * (random.between(-6, 6) + random.between(-6, 6))
      return { x, y, target: sum / 10 }
    },
  },
  gauss: {
    classes: 2,
    point: ({ label }, random, noise) => {
      const centre = label === 1 ? 2 : -2
      const [dx, dy] = random.normals(Math.sqrt(0.5 + 7 * noise))
      return { x: centre + dx, y: centre + dy, target: label }
    },
  },
} satisfies Record<string, Toy>

/**
 * Two half circles of radius 1 that reach into each other: class 0 around (0, 0), above; class 1
 * around (1, 0.5), below. `noise` is the standard deviation of a normal shift of each coordinate.
 * Formula: scikit-learn's `make_moons`, which gives class 0 `rows / 2` points, rounded down.
 *
 * @returns features `[rows, 2]`, labels 0 and 1
 * @throws TypeError or RangeError for wrong options
 *
 * @example
 * const data = moons({ rows: 200, noise: 0.1, seed: 1 })
 */
export const moons = (options: ToyOptions = {}): Dataset => make('moons', options)

/**
 * Two circles around (0, 0): class 0 of radius 1, class 1 of radius 0.8. `noise` is the standard
 * deviation of a normal shift of each coordinate. Formula: scikit-learn's `make_circles`.
 *
 * @returns features `[rows, 2]`, labels 0 and 1
 * @throws TypeError or RangeError for wrong options
 */
export const circles = (options: ToyOptions = {}): Dataset => make('circles', options)

/**
 * Two spirals of one and three quarter turns out to radius 5. `noise` times a uniform draw from
 * [-1, 1) shifts each coordinate. Formula: `classifySpiralData` of TensorFlow's playground, whose
 * slider of 0 to 50 is 100 times this noise here and in the sets below.
 *
 * @returns features `[rows, 2]`, labels 0 and 1 (the playground's -1 and 1)
 * @throws TypeError or RangeError for wrong options
 */
export const spiral = (options: ToyOptions = {}): Dataset => make('spiral', options)

/**
 * Points in [-5.3, 5.3]^2 but for a cross of half width 0.3: class 1 where both coordinates have one
 * sign. `noise` times a uniform draw from [-5, 5) is added to each coordinate for the class only.
 * Formula: `classifyXORData` of TensorFlow's playground.
 *
 * @returns features `[rows, 2]`, labels 0 and 1 (the playground's -1 and 1)
 * @throws TypeError or RangeError for wrong options
 */
export const xor = (options: ToyOptions = {}): Dataset => make('xor', options)

/**
 * Points in [-6, 6]^2 with the target (x + y) / 10. `noise` times a uniform draw from
 * [-6, 6) is added to each coordinate for the target only. Formula: `regressPlane` of TensorFlow's
 * playground.
 *
 * @returns features `[rows, 2]`, dense targets `[rows, 1]`
 * @throws TypeError or RangeError for wrong options
 */
export const plane = (options: ToyOptions = {}): Dataset => make('plane', options)

/**
 * Two normal clouds: class 0 around (-2, -2), class 1 around (2, 2), of variance 0.5 + 7 `noise`.
 * Formula: `classifyTwoGaussData` of TensorFlow's playground.
 *
 * @returns features `[rows, 2]`, labels 0 and 1 (the playground's -1 and 1)
 * @throws TypeError or RangeError for wrong options
 */
export const gauss = (options: ToyOptions = {}): Dataset => make('gauss', options)

function make(name: keyof typeof table, options: ToyOptions): Dataset {
  const { rows, noise, seed, shuffle } = complete(name, toyOptions, options)
  const { classes, point }: Toy = table[name]
  const random = new Random(seed)
  const first = Math.floor(rows / 2) // points of class 0
  const points = Array.from({ length: rows }, (_, row) => {
    const label = row < first ? 0 : 1
    const i = label === 0 ? row : row - first
    return point({ label, i, count: label === 0 ? first : rows - first }, random, noise)
  })
  if (shuffle)
    for (let last = rows - 1; last > 0; last--) {
      const other = Math.floor(random.between(0, last + 1))
      const [a, b] = [points[last], points[other]]
      if (a !== undefined && b !== undefined) [points[last], points[other]] = [b, a]
    }
  const x = { data: Float64Array.from(points.flatMap(({ x, y }) => [x, y])), shape: [rows, 2] }
  const targets = points.map(({ target }) => target)
  return classes === 0
    ? new Dataset(x, Float64Array.from(targets))
    : new Dataset(x, Int32Array.from(targets), { classes })
}

const drawsAtOnce = 1024

/** The draws of one seed, one after the other. */
class Random {
  readonly #seed: number
  #draws: Float64Array = new Float64Array(0)
  #next = 0
  #first = 0 // index of the first draw after `#draws`

  constructor(seed: number) {
    this.#seed = seed
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.#uniform()
  }

  /** Two normal draws of mean 0. Formula: G. Box and M. Muller, 1958. */
  normals(stddev: number): [number, number] {
    const length = stddev * Math.sqrt(-2 * Math.log(1 - this.#uniform()))
    const { x, y } = onCircle(turn * this.#uniform(), length)
    return [x, y]
  }

  #uniform(): number {
    if (this.#next === this.#draws.length) {
      this.#draws = random(this.#seed, 'toys', drawsAtOnce, this.#first)
      this.#first += drawsAtOnce
      this.#next = 0
    }
    return this.#draws[this.#next++] ?? 0
  }
}
