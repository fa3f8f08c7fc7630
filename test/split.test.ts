// Over 400 lines: one test for each promise of split, kFold and timeSeriesSplit, and each refusal.

import test from 'ava'
import { createHash } from 'node:crypto'
import type {
  Fold,
  FoldOptions,
  SplitOptions,
  TableSplitOptions,
  TimeSeriesOptions,
} from '../lib/index.js'
import { Dataset, Table } from '../lib/index.js'
import { randomNumbers } from './helpers/data.js'

/** Rows 0 to n - 1, whose only feature is their number. */
const numbered = (size: number, labels?: ArrayLike<number>) =>
  new Dataset(
    { data: Float64Array.from({ length: size }, (_, row) => row), shape: [size, 1] },
    labels && Int32Array.from(labels),
  )
const rowsOf = (data: Dataset) => Array.from(data.x.data)
const ascending = (rows: readonly number[]) => [...rows].sort((a, b) => a - b)
const range = (begin: number, end: number) =>
  Array.from({ length: end - begin }, (_, i) => begin + i)
const listsOf = (parts: Readonly<Record<string, Dataset>>) => Object.values(parts).map(rowsOf)
const foldsOf = (folds: readonly Fold[]) =>
  folds.map(({ train, validation }) => [rowsOf(train), rowsOf(validation)])
const count = <T>(values: readonly T[]) => {
  const counts = new Map<T, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}

/** Random rows, sizes, labels and groups, the same for the same seed. */
function* cases(length: number) {
  const random = randomNumbers(20)
  const below = (bound: number) => Math.floor(random() * bound)
  for (let seed = 0; seed < length; seed++) {
    const size = 2 + below(seed % 10 === 0 ? 500 : 60)
    const classes = 1 + below(6)
    // Of very different frequencies.
    const skewed = (bound: number) => Math.floor(bound * random() ** 3)
    const labels = Int32Array.from({ length: size }, () => skewed(classes))
    const names = Array.from({ length: size }, () => `g${skewed(Math.min(size, 40))}`)
    const wanted: number[] = []
    for (let left = size; left > 0 && wanted.length < 5; left -= wanted.at(-1) ?? 0)
      wanted.push(1 + below(left))
    const parts = Object.fromEntries(wanted.map((rows, i) => [`part${i}`, rows]))
    yield { seed, size, classes, labels, names, wanted, parts, shuffle: random() < 0.7 }
  }
}

test('a split is the one it has been for its seed', (t) => {
  const labels = Int32Array.from({ length: 12 }, (_, row) => (row % 3 === 0 ? 0 : 1))
  const parts = { train: 0.5, dev: 0.25, test: 0.25 }
  const small = numbered(12, labels)
  t.deepEqual(listsOf(small.split(parts, { seed: 3 })), [
    [11, 6, 0, 9, 3, 5],
    [2, 1, 7],
    [8, 10, 4],
  ])
  t.deepEqual(listsOf(small.split(parts, { seed: 3, stratify: true })), [
    [11, 5, 6, 2, 1, 0],
    [7, 8, 9],
    [10, 4, 3],
  ])
  t.deepEqual(listsOf(small.slice(2).split({ a: 4, b: 3 }, { seed: 1, stratify: true })), [
    [5, 3, 10, 8],
    [7, 9, 2],
  ])
  const large = numbered(
    5000,
    range(0, 5000).map((row) => row % 7),
  )
  const hashes = [false, true].map((stratify) => {
    const lists = listsOf(large.split({ train: 0.7, dev: 0.1, test: 0.15 }, { seed: 9, stratify }))
    const text = lists.map((list) => list.join()).join('|')
    return createHash('sha256').update(text).digest('hex').slice(0, 16)
  })
  t.deepEqual(hashes, ['cbe72f00b1cf6679', '176fe2bd4a9934df'])
})

test('no row is in two parts, and every part has its size', (t) => {
  for (const { seed, size, labels, wanted, parts, shuffle } of cases(300))
    for (const stratify of [false, true]) {
      const lists = listsOf(
        numbered(size, labels).split(parts, { ...(shuffle && { seed }), shuffle, stratify }),
      )
      const all = lists.flat()
      t.is(new Set(all).size, all.length)
      t.deepEqual(
        lists.map((list) => list.length),
        wanted,
      )
      if (!shuffle) for (const list of lists) t.deepEqual(list, ascending(list))
    }
})

test('no group is in two parts, and no part is empty', (t) => {
  let dealt = 0
  for (const { seed, size, labels, names, wanted, parts, shuffle } of cases(300)) {
    const distinct = new Set(names).size
    const order = { ...(shuffle && { seed }), shuffle }
    for (const options of [order, { ...order, stratify: true }]) {
      const split = () => numbered(size, labels).split(parts, { ...options, groups: names })
      if (distinct < wanted.length) {
        const message = `${wanted.length} parts need as many groups, there are ${distinct}`
        t.throws(split, { instanceOf: RangeError, message })
        continue
      }
      const lists = listsOf(split())
      const groups = lists.map((list) => new Set(list.map((row) => names[row])))
      t.is(new Set(groups.flatMap((part) => [...part])).size, groups.reduce((sum, part) => sum + part.size, 0)) // prettier-ignore
      t.is(new Set(lists.flat()).size, lists.flat().length)
      for (const list of lists) t.true(list.length > 0)
      // Whole groups, and where the parts take all rows, every row.
      const counts = count(names)
      for (const list of lists)
        for (const [name, rows] of count(list.map((row) => names[row] ?? '')))
          t.is(rows, counts.get(name) ?? 0)
      if (wanted.reduce((sum, rows) => sum + rows) === size) t.is(lists.flat().length, size)
      dealt++
    }
  }
  t.true(dealt > 300)
})

test('parts of groups have the wanted sizes to within what the groups allow', (t) => {
  for (const { seed, size, names, wanted, parts } of cases(300)) {
    const counts = count(names)
    if (counts.size < wanted.length) continue
    const largest = Math.max(...counts.values())
    const dealt = wanted.length + Number(wanted.reduce((sum, rows) => sum + rows) < size)
    const shuffled = listsOf(numbered(size).split(parts, { seed, groups: names }))
    shuffled.forEach((list, i) => {
      const share = (wanted[i] ?? NaN) / size
      const most = ((1 + Math.max(0, share * (dealt - 2))) / 2) * largest
      const isOneGroup = count(list.map((row) => names[row])).size === 1
      t.true(isOneGroup || list.length - (wanted[i] ?? NaN) <= most + 1e-9)
    })
  }
})

test('groups in their order are cut where their ends are nearest to those wanted', (t) => {
  const groups = ['a', 'a', 'a', 'b', 'b', 'c', 'c', 'c', 'c', 'd']
  const split = (parts: Record<string, number>) =>
    listsOf(numbered(10).split(parts, { groups, shuffle: false }))
  t.deepEqual(split({ x: 4, y: 6 }), [range(0, 3), range(3, 10)]) // 3 and 5 are as near: the earlier
  t.deepEqual(split({ x: 0.7, y: 0.3 }), [range(0, 5), range(5, 10)])
  t.deepEqual(split({ x: 8, y: 2 }), [range(0, 9), [9]])
  t.deepEqual(split({ x: 1, y: 1, z: 1 }), [range(0, 3), [3, 4], range(5, 9)])
  // What lies apart belongs where its first row stands.
  const apart = numbered(6).split({ x: 3, y: 3 }, { groups: [7, 8, 8, 7, 7, 9], shuffle: false })
  t.deepEqual(listsOf(apart), [
    [0, 3, 4],
    [1, 2, 5],
  ])
})

test('each part has its share of every class to within the stated bound', (t) => {
  for (const { seed, size, classes, labels, parts, shuffle } of cases(300)) {
    const order = shuffle ? { seed } : { shuffle }
    const lists = listsOf(numbered(size, labels).split(parts, { ...order, stratify: true }))
    const totals = count(Array.from(labels))
    for (const list of lists) {
      const counts = count(list.map((row) => labels[row] ?? -1))
      for (const [label, total] of totals) {
        const share = total / size
        const off = Math.abs((counts.get(label) ?? 0) - share * list.length)
        t.true(off <= 1 + Math.max(0, share * (classes - 2)) + 1e-9, `${off} of class ${label}`)
      }
    }
  }
})

test('strata can be numbers or texts of one’s own', (t) => {
  const site = Array.from({ length: 90 }, (_, row) => (row < 60 ? 'north' : 'south'))
  const { a, b } = numbered(90).split({ a: 30, b: 60 }, { stratify: site })
  t.is(rowsOf(a).filter((row) => row >= 60).length, 10)
  t.is(rowsOf(b).filter((row) => row >= 60).length, 20)
})

test('stratified groups come nearer to the shares of classes than groups alone', (t) => {
  const random = randomNumbers(5)
  const patients = 60
  const sick = Array.from({ length: patients }, () => random() < 0.3)
  const groups = Array.from({ length: 900 }, () => Math.floor(patients * random()))
  const labels = groups.map((patient) => Number(sick[patient]))
  const share = labels.filter((label) => label === 1).length / labels.length
  const off = (options: SplitOptions) => {
    const parts = numbered(900, labels).split(
      { train: 0.6, dev: 0.2, test: 0.2 },
      { ...options, groups },
    )
    const all = Object.values(parts)
    for (const [i, wanted] of [540, 180, 180].entries())
      t.true(Math.abs((all[i]?.rows ?? 0) - wanted) <= 20)
    const offs = all.map((part) => {
      const found = (part.y as Int32Array).reduce((sum, label) => sum + label, 0)
      return Math.abs(found / part.rows - share)
    })
    return Math.max(...offs)
  }
  const seeds = range(0, 10)
  const alone = seeds.map((seed) => off({ seed }))
  const stratified = seeds.map((seed) => off({ seed, stratify: true }))
  t.true(Math.max(...stratified) < 0.03, String(stratified))
  t.true(Math.max(...alone) > 0.06, String(alone))
})

test('the same seed deals the same rows, another seed others, grouped or not', (t) => {
  const groups = range(0, 200).map((row) => Math.floor(Math.sqrt(row)))
  const labels = range(0, 200).map((row) => row % 3)
  const data = numbered(200, labels)
  for (const options of [{}, { groups }, { stratify: true }, { groups, stratify: true }]) {
    const split = (seed?: number) =>
      listsOf(data.split({ a: 0.5, b: 0.3 }, { ...options, ...(seed !== undefined && { seed }) }))
    const folds = (seed: number) => foldsOf(data.kFold(4, { ...options, seed }))
    t.deepEqual(split(7), split(7))
    t.deepEqual(split(), split(0))
    t.notDeepEqual(split(7), split(8))
    t.deepEqual(folds(7), folds(7))
    t.notDeepEqual(folds(7), folds(8))
  }
})

test('every row is in one validation set of a k-fold, and in all other training sets', (t) => {
  for (const { seed, size, labels, names, shuffle } of cases(150)) {
    const k = 2 + (seed % 4)
    const order = shuffle ? { seed } : { shuffle }
    const data = numbered(size, labels)
    const groups = { groups: names }
    const all: FoldOptions[] = [order, { ...order, stratify: true }, { ...order, ...groups }, { ...order, ...groups, stratify: true }] // prettier-ignore
    for (const options of all) {
      const most = 'groups' in options ? new Set(names).size : size
      if (most < k) {
        t.throws(() => data.kFold(k, options), { instanceOf: RangeError })
        continue
      }
      const folds = foldsOf(data.kFold(k, options))
      t.is(folds.length, k)
      t.deepEqual(ascending(folds.flatMap(([, validation = []]) => validation)), range(0, size))
      for (const [train = [], validation = []] of folds) {
        t.deepEqual(ascending([...train, ...validation]), range(0, size))
        if (!shuffle) t.deepEqual(train, ascending(train))
        if ('groups' in options) {
          const trained = new Set(train.map((row) => names[row]))
          t.false(validation.some((row) => trained.has(names[row])))
        } else t.true(Math.abs(validation.length - size / k) < 1)
      }
    }
  }
})

test('folds as rows stand are those of scikit-learn’s KFold', (t) => {
  t.deepEqual(foldsOf(numbered(11).kFold(3, { shuffle: false })), [
    [range(4, 11), range(0, 4)],
    [[...range(0, 4), ...range(8, 11)], range(4, 8)],
    [range(0, 8), range(8, 11)],
  ])
})

test('folds in order of time are those of scikit-learn’s TimeSeriesSplit', (t) => {
  const folds = (options?: TimeSeriesOptions) => foldsOf(numbered(11).timeSeriesSplit(3, options))
  t.deepEqual(folds(), [
    [range(0, 5), [5, 6]],
    [range(0, 7), [7, 8]],
    [range(0, 9), [9, 10]],
  ])
  t.deepEqual(folds({ gap: 2 }), [
    [range(0, 3), [5, 6]],
    [range(0, 5), [7, 8]],
    [range(0, 7), [9, 10]],
  ])
  t.deepEqual(folds({ validationSize: 2, maxTrainSize: 4, gap: 1 }), [
    [range(0, 4), [5, 6]],
    [range(2, 6), [7, 8]],
    [range(4, 8), [9, 10]],
  ])
})

test('folds in order of time never validate with what is earlier than what they trained with', (t) => {
  const random = randomNumbers(3)
  for (let turn = 0; turn < 100; turn++) {
    const size = 20 + Math.floor(100 * random())
    const days = 6 + Math.floor(40 * random())
    const time = Array.from({ length: size }, () => Math.floor(days * random()))
    for (const { train, validation } of numbered(size).timeSeriesSplit(3, {
      time,
      gap: turn % 3,
    })) {
      const [trained, validated] = [train, validation].map((data) => rowsOf(data).map((row) => time[row] ?? NaN)) // prettier-ignore
      t.true(Math.max(...(trained ?? [])) < Math.min(...(validated ?? [])))
      t.deepEqual(validated, ascending(validated ?? []))
    }
  }
})

test('parts by time follow one another, and rows of one time stay together', (t) => {
  const time = [5, 1, 3, 1, 4, 2, 5, 3]
  const { train, test: late } = numbered(8).split({ train: 0.6, test: 0.4 }, { time })
  t.deepEqual(rowsOf(train), [1, 3, 5]) // times 1 1 2; the two 3s would make one too many, too
  t.deepEqual(rowsOf(late), [2, 7, 4, 0, 6])
  const dates = time.map((day) => new Date(2026, 0, day))
  t.deepEqual(rowsOf(numbered(8).split({ train: 0.6 }, { time: dates }).train), rowsOf(train))
  t.deepEqual(
    rowsOf(numbered(8).split({ train: 0.6 }, { time: Float32Array.from(time) }).train),
    rowsOf(train),
  )
})

test('rows as they stand are cut one part after another', (t) => {
  const { train, dev } = numbered(10).split({ train: 0.7, dev: 0.2 }, { shuffle: false })
  t.deepEqual([rowsOf(train), rowsOf(dev)], [range(0, 7), [7, 8]])
})

test('copies of a row never come to two parts', (t) => {
  const random = randomNumbers(8)
  const labels = range(0, 40).map((row) => row % 2)
  for (let seed = 0; seed < 50; seed++) {
    const drawn = Array.from({ length: 60 }, () => Math.floor(40 * random()))
    const bootstrap = numbered(40, labels).subset(drawn)
    const every: SplitOptions[] = [{ seed }, { seed, stratify: true }, { shuffle: false }]
    for (const options of every) {
      const lists = listsOf(bootstrap.split({ a: 0.6, b: 0.4 }, options))
      const [a = [], b = []] = lists.map((list) => new Set(list))
      t.false([...a].some((row) => new Set(b).has(row)))
      t.deepEqual(ascending(lists.flat()), ascending(drawn))
      for (const { train, validation } of bootstrap.kFold(3, options)) {
        const trained = new Set(rowsOf(train))
        t.false(rowsOf(validation).some((row) => trained.has(row)))
        t.is(train.rows + validation.rows, 60)
      }
    }
    for (const { train, validation } of bootstrap.timeSeriesSplit(3)) {
      const trained = new Set(rowsOf(train))
      t.false(rowsOf(validation).some((row) => trained.has(row)))
    }
  }
  // Also those that a view of a view has.
  const { a, b } = numbered(3).subset([2, 0, 2]).subset([0, 1, 2]).split({ a: 1, b: 2 })
  t.deepEqual(ascending([...rowsOf(a), ...rowsOf(b)]), [0, 2, 2])
  t.true([a, b].some((part) => rowsOf(part).join() === '2,2'))
})

test('copies of a row in two groups are refused', (t) => {
  const data = numbered(3).subset([0, 1, 0])
  const message = 'Rows 0 and 2 are copies of one row, but do not belong together'
  for (const options of [{ groups: ['a', 'a', 'b'] }, { time: [1, 2, 3] }])
    t.throws(() => data.split({ a: 1, b: 1 }, options), { instanceOf: RangeError, message })
  t.notThrows(() => data.split({ a: 1, b: 1 }, { groups: ['a', 'b', 'a'] }))
  t.throws(() => numbered(2).subset([0, 0]).split({ a: 1, b: 1 }), {
    instanceOf: RangeError,
    message: '2 parts need as many different rows, there are 1',
  })
})

const table = new Table({
  id: Float64Array.from(range(0, 12)),
  patient: range(0, 12).map((row) => `p${row % 5}`),
  income: range(0, 12).map((row) => (row % 3 === 0 ? 'high' : row === 7 ? null : 'low')),
  day: range(0, 12).map((row) => new Date(2026, 0, 12 - row)),
  room: [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, null],
  weight: range(0, 12).map((row) => row + 0.5),
})
const idsOf = (part: Table) => range(0, part.rows).map((row) => Number(part.row(row).id))

test('a Table is dealt as a Dataset is, by the names of columns', (t) => {
  const patient = range(0, 12).map((row) => `p${row % 5}`)
  const income = range(0, 12).map((row) => (row % 3 === 0 ? 'high' : row === 7 ? 'none' : 'low'))
  const day = range(0, 12).map((row) => -row)
  const data = numbered(12)
  const same: [TableSplitOptions, SplitOptions][] = [
    [{}, {}],
    [{ seed: 4 }, { seed: 4 }],
    [{ groups: 'patient' }, { groups: patient }],
    [{ stratify: 'income' }, { stratify: income }],
    [
      { stratify: 'income', groups: 'patient' },
      { stratify: income, groups: patient },
    ],
    [{ time: 'day' }, { time: day }],
    [{ shuffle: false }, { shuffle: false }],
  ]
  const parts = { train: 0.5, dev: 0.25, test: 0.25 }
  for (const [byName, byValue] of same)
    t.deepEqual(
      Object.values(table.split(parts, byName)).map(idsOf),
      listsOf(data.split(parts, byValue)),
    )
  const folds = (all: readonly Fold<Table>[]) =>
    all.map(({ train, validation }) => [idsOf(train), idsOf(validation)])
  t.deepEqual(
    folds(table.kFold(3, { groups: 'patient', seed: 2 })),
    foldsOf(data.kFold(3, { groups: patient, seed: 2 })),
  )
  t.deepEqual(
    folds(table.timeSeriesSplit(3, { time: 'day', gap: 1 })),
    foldsOf(data.timeSeriesSplit(3, { time: day, gap: 1 })),
  )
  t.deepEqual(folds(table.timeSeriesSplit(3)), foldsOf(data.timeSeriesSplit(3)))
})

test('columns that a Table cannot be dealt by are refused', (t) => {
  const parts = { a: 0.5, b: 0.5 }
  const refused: [TableSplitOptions, string][] = [
    [{ groups: 'patiant' }, 'Unknown column `patiant`; did you mean `patient`?'],
    [{ groups: 'room' }, "Column 'room' has no value in row 11"],
    [{ groups: 'income' }, "Column 'income' has no value in row 7"],
    [
      { stratify: 'weight' },
      "Column 'weight' holds numbers that are no integers: rows are stratified by texts or integers",
    ],
    [{ stratify: 'day' }, "Column 'day' holds dates: rows are stratified by texts or integers"],
    [{ time: 'patient' }, "Column 'patient' holds texts, which are no points in time"],
    [{ time: 'room' }, "Column 'room' has no value in row 11"],
  ]
  for (const [options, message] of refused) t.throws(() => table.split(parts, options), { message })
  t.notThrows(() => table.split(parts, { stratify: 'room' })) // a missing one is a class
})

test('a dealing that cannot be is refused', (t) => {
  const data = numbered(6)
  const refused: [() => unknown, string][] = [
    [() => data.kFold(1), 'Expected `k` to be at least 2, got `1`'],
    [() => data.kFold(7), 'Expected `k` to be at most 6, the number of rows, got `7`'],
    [() => data.kFold(2.5), 'Expected `k` to be a positive integer, got `2.5`'],
    [() => data.kFold(2, { groups: [1, 2] }), '`groups` has 2 entries, the Dataset has 6 rows'],
    [() => data.kFold(2, { stratify: [1, 2] }), '`stratify` has 2 entries, the Dataset has 6 rows'],
    [
      () => data.kFold(3, { groups: [1, 1, 1, 2, 2, 2] }),
      '3 parts need as many groups, there are 2',
    ],
    [
      () => data.split({ a: 1 }, { time: range(0, 6), groups: range(0, 6) }),
      '`groups` does not go with `time`, which decides the parts',
    ],
    [
      () => data.split({ a: 1 }, { time: range(0, 6), stratify: range(0, 6) }),
      '`stratify` does not go with `time`, which decides the parts',
    ],
    [
      () => data.split({ a: 1 }, { time: range(0, 6), shuffle: true }),
      '`shuffle` does not go with `time`, which decides the parts',
    ],
    [
      () => data.split({ a: 1 }, { time: range(0, 6), seed: 1 }),
      '`seed` is of no use: the rows are not shuffled',
    ],
    [
      () => data.kFold(2, { shuffle: false, seed: 1 }),
      '`seed` is of no use: the rows are not shuffled',
    ],
    [
      () => data.split({ a: 2, b: 2 }, { time: [1, 1, 1, 1, 1, 1] }),
      '2 parts need as many points in time, there are 1',
    ],
    [
      () => data.timeSeriesSplit(6),
      '6 rows are too few for training rows before 6 validation sets of 0',
    ],
    [
      () => data.timeSeriesSplit(2, { gap: 2 }),
      '6 rows are too few for training rows before 2 validation sets of 2 and a gap of 2',
    ],
    [
      () => data.split({ a: 1 }, { groups: [1, 2, NaN, 4, 5, 6] }),
      'Expected `groups[2]` to be a number or a text, got `NaN`',
    ],
    [
      () => data.split({ a: 1 }, { time: [1, 2, 3, 4, 5, new Date(NaN)] }),
      'Expected `time[5]` to be a number or a date, got `Date`',
    ],
    [
      () => data.split(null as never),
      'Expected `parts` to be an object with a fraction or a number of rows for each name, got `null`',
    ],
  ]
  for (const [call, message] of refused) {
    const error = t.throws(call)
    t.true(error instanceof RangeError || error instanceof TypeError)
    t.is(error.message, message)
  }
})
