import test from 'ava'
import { drawSeeds, random } from '../lib/random.js'

test('a draw is a function of seed, use and place', (t) => {
  const few = random(3, 'candidates', 5)
  const many = random(3, 'candidates', 5000)
  t.deepEqual(many.slice(0, 5), few)
  t.is(new Set(many).size, 5000)
  for (const other of [random(4, 'candidates', 5), random(3, 'sizes', 5)])
    t.notDeepEqual(other, few)
  t.notDeepEqual(random(3 + 2 ** 32, 'candidates', 5), few)
  t.is(random(3, 'candidates', 0).length, 0)
})

test('draws are even in [0, 1)', (t) => {
  const draws = random(Number.MAX_SAFE_INTEGER, 'candidates', 10_000)
  t.true(draws.every((draw) => draw >= 0 && draw < 1))
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = draws.filter((draw) => Math.floor(10 * draw) === tenth).length
    t.true(Math.abs(count - 1000) < 150, `${tenth}: ${count}`) // five standard deviations
  }
})

test('seeds are integers that nothing rounds, each another', (t) => {
  const seeds = drawSeeds(0, 1000)
  t.true(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0))
  t.is(new Set(seeds).size, 1000)
  t.deepEqual(drawSeeds(0, 3), seeds.slice(0, 3))
})
