import test from 'ava'
import {
  combine,
  exactly,
  meanEstimate,
  normalQuantile,
  rateEstimate,
} from '../lib/experiments/estimates.js'
import { randomNumbers } from './helpers/data.js'

const near = (a: number, b: number, margin: number) => Math.abs(a - b) <= margin

test('intervals of rates are those that Newcombe published', (t) => {
  const z = normalQuantile(0.95)
  // Statistics in Medicine 17 (1998), page 857, table I, method 3.
  for (const [wrong, rows, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    const estimate = rateEstimate(wrong / rows, rows, z)
    t.true(near(estimate.low, low, 5e-5) && near(estimate.high, high, 5e-5))
  }
  // Page 873, table II, method 10.
  for (const [a, m, b, n, low, high] of [
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [10, 10, 0, 10, 0.6075, 1],
    [5, 56, 0, 29, -0.0381, 0.1926],
  ] as const) {
    const terms = [[1, rateEstimate(a / m, m, z)], [-1, rateEstimate(b / n, n, z)]] as const // prettier-ignore
    const difference = combine(terms)
    t.true(near(difference.low, low, 5e-5) && near(difference.high, high, 5e-5), `${a}/${m}`)
  }
})

test('the normal quantile is that of the tables', (t) => {
  for (const [confidence, z] of [
    [0.5, 0.674489750196082],
    [0.9, 1.6448536269514722],
    [0.95, 1.959963984540054],
    [0.99, 2.5758293035489004],
    [0.999999, 4.891638475699412],
  ] as const)
    t.true(near(normalQuantile(confidence), z, 1e-9), String(confidence))
})

test('the difference of two means has the interval of their summed variances', (t) => {
  const difference = combine([
    [1, meanEstimate(10, 0.3, 2)],
    [-1, meanEstimate(4, 0.4, 2)],
  ])
  t.deepEqual(difference, { value: 6, low: 5, high: 7 })
  t.deepEqual(combine([[1, exactly(3)], [-1, exactly(1)]]), { value: 2, low: 2, high: 2 }) // prettier-ignore
})

test('intervals hold the true difference about as often as they say', (t) => {
  const random = randomNumbers(9)
  const z = normalQuantile(0.9)
  const seen = (rate: number, rows: number) => {
    let wrong = 0
    for (let row = 0; row < rows; row++) wrong += Number(random() < rate)
    return rateEstimate(wrong / rows, rows, z)
  }
  let held = 0
  const turns = 4000
  for (let turn = 0; turn < turns; turn++) {
    const { low, high } = combine([
      [1, seen(0.12, 150)],
      [-1, seen(0.05, 300)],
    ])
    held += Number(low <= 0.07 && 0.07 <= high)
  }
  t.true(near(held / turns, 0.9, 0.02), String(held / turns))
})
