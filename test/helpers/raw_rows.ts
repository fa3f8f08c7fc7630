import type { Row } from '../../lib/index.js'
import { randomNumbers } from './data.js'

/** Rows of every type of column, with holes, whose `species` a small network can tell. */
export const rawRows: readonly Row[] = Array.from({ length: 60 }, (_, i) => {
  const random = randomNumbers(i)
  const species = ['DM', 'NL', 'PF'][i % 3]
  return {
    weight: i % 11 === 5 ? null : 40 * (1 + (i % 3)) + 10 * random(),
    foot: 30 - 10 * (i % 3) + random() / 3,
    sex: ['F', 'M', null][Math.floor(3 * random())],
    caught: new Date(Date.UTC(1980 + (i % 7), i % 12, 1 + (i % 28), i % 24)),
    species,
  }
})
