import test from 'ava'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Dataset, ToyOptions } from '../lib/index.js'
import { circles, gauss, moons, plane, spiral, xor } from '../lib/index.js'
import { findPackageRoot } from '../lib/package_root.js'

const toys = { moons, circles, spiral, xor, plane, gauss }
const points = (data: Dataset) =>
  Array.from({ length: data.rows }, (_, row) => [...data.x.data.subarray(2 * row, 2 * row + 2)])
const labels = (data: Dataset) => (data.y instanceof Int32Array ? [...data.y] : [])

for (const [name, make] of Object.entries(toys)) {
  test(`${name} is the same for the same seed, and another for another`, (t) => {
    const options: ToyOptions = { rows: 50, noise: 0.2, seed: 3 }
    t.deepEqual(make(options).x, make(options).x)
    t.deepEqual(make(options).y, make(options).y)
    t.notDeepEqual(make({ ...options, seed: 4 }).x, make(options).x)
    t.is(make().rows, 500)
  })

  test(`${name} is of two coordinates, of both classes, whatever the number of rows`, (t) => {
    for (const rows of [1, 2, 3, 101]) {
      const data = make({ rows, noise: 0.5 })
      t.like(data, { rows, features: 2, classes: name === 'plane' ? 0 : 2 })
    }
    if (name !== 'plane') t.is(new Set(labels(make({ rows: 100 }))).size, 2)
  })

  test(`shuffled, ${name} has the same rows in another order`, (t) => {
    const inOrder = make({ rows: 40, shuffle: false })
    const shuffled = make({ rows: 40 })
    const rows = (data: Dataset) => points(data).map((point, row) => String([...point, labels(data)[row]])) // prettier-ignore
    t.notDeepEqual(rows(shuffled), rows(inOrder))
    t.deepEqual(rows(shuffled).sort(), rows(inOrder).sort())
  })
}

test("the moons and circles are scikit-learn's", (t) => {
  const path = join(findPackageRoot(), 'test', 'fixtures', 'toys', 'sets.json') // see make.py
  const sets = JSON.parse(readFileSync(path, 'utf8')) as Record<
    'moons' | 'circles',
    { x: number[][]; y: number[] }
  >
  for (const name of ['moons', 'circles'] as const) {
    const data = toys[name]({ rows: 21, shuffle: false })
    t.deepEqual(labels(data), sets[name].y)
    points(data).forEach((point, row) => {
      point.forEach((value, axis) => {
        t.true(Math.abs(value - (sets[name].x[row]?.[axis] ?? NaN)) < 1e-15)
      })
    })
  }
})

test('without noise, classes and targets are what the coordinates say', (t) => {
  const signs = xor({ rows: 200 })
  points(signs).forEach(([x = 0, y = 0], row) => {
    t.is(labels(signs)[row], Number(x * y >= 0))
    t.true(Math.abs(x) >= 0.3 && Math.abs(x) <= 5.3)
  })
  const flat = plane({ rows: 200 })
  if (flat.y === undefined || flat.y instanceof Int32Array) return t.fail()
  const targets = flat.y.data
  points(flat).forEach(([x = 0, y = 0], row) => {
    t.is(targets[row], (x + y) / 10)
    t.true(Math.abs(x) <= 6)
  })
  const arms = spiral({ rows: 200 })
  points(arms).forEach(([x = 0, y = 0], row) => {
    const radius = Math.hypot(x, y)
    if (radius === 0) return
    const angle = 1.75 * 2 * Math.PI * (radius / 5) + (labels(arms)[row] === 1 ? 0 : Math.PI)
    t.true(Math.abs(radius * Math.sin(angle) - x) < 1e-9)
  })
})

test('noise is of the size that is said', (t) => {
  const rows = 20_000
  const spread = (data: Dataset, other: Dataset) => {
    const others = points(other)
    const differences = points(data).flatMap((point, row) =>
      point.map((value, axis) => value - (others[row]?.[axis] ?? NaN)),
    )
    return Math.sqrt(differences.reduce((sum, value) => sum + value ** 2, 0) / differences.length)
  }
  const few = { rows: 2000, shuffle: false }
  t.true(Math.abs(spread(moons({ ...few, noise: 0.3 }), moons(few)) - 0.3) < 0.02)
  t.true(Math.abs(spread(circles({ ...few, noise: 0.3 }), circles(few)) - 0.3) < 0.02)
  for (const noise of [0, 0.5]) {
    const cloud = gauss({ rows, noise })
    const ofClass1 = points(cloud).filter((_, row) => labels(cloud)[row] === 1)
    const xs = ofClass1.map(([x = 0]) => x)
    const mean = xs.reduce((sum, x) => sum + x, 0) / xs.length
    const variance = xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / xs.length
    t.true(Math.abs(mean - 2) < 0.1)
    t.true(Math.abs(variance / (0.5 + 7 * noise) - 1) < 0.1)
  }
})

test('wrong options are refused', (t) => {
  t.throws(() => moons({ rows: 0 }), {
    message: 'Expected `rows` to be a positive integer, got `0`',
  })
  t.throws(() => moons({ noise: -1 }), { instanceOf: RangeError })
  t.throws(() => moons({ nois: 1 } as ToyOptions), {
    message: 'Unknown option `nois` for `moons`; did you mean `noise`?',
  })
})
