import test from 'ava'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { check } from 'prettier'
import { readArguments } from '../bench/arguments.js'
import { cases, chooseCases, stepFlops } from '../bench/cases.js'
import { judge } from '../bench/check.js'
import { compareReports } from '../bench/compare.js'
import { inOrder, lossOf, makeData } from '../bench/data.js'
import { toPage } from '../bench/page.js'
import type { Report, Result } from '../bench/report.js'
import { updateReadme } from '../bench/readme.js'
import { bestOf, format, mergeReports, ratioTo } from '../bench/report.js'
import { compareTimes, median, spread } from '../bench/statistics.js'
import { hold, targets } from '../bench/targets.js'
import { caseTable, cellsOf, sweepTable } from '../bench/table.js'
import type { Task } from '../bench/task.js'
import { fromWords, parseWithNaN, toWords } from '../bench/task.js'
import { findPackageRoot } from '../lib/package_root.js'

const result = (
  contender: string,
  values: readonly number[],
  more: Partial<Result> = {},
): Result => ({
  case: 'mnist',
  group: 'steps',
  kind: 'step',
  contender,
  threads: undefined,
  values,
  loss: undefined,
  accuracy: undefined,
  note: undefined,
  missing: undefined,
  grows: undefined,
  flops: 1e6,
  ...more,
})

const report = (results: readonly Result[]): Report => ({
  machine: {
    date: '2000-01-01',
    processor: 'a <processor>',
    processors: 2,
    allProcessors: 4,
    memory: 2 ** 33,
    system: 'Linux',
    node: 'v20',
    gemmnet: '0.1.0',
    blas: 'OpenBLAS',
    blasKernel: 'Haswell',
    instructionSet: 'avx2',
  },
  contenders: [
    { name: 'gemmnet', version: '0.1.0' },
    { name: 'pytorch', absent: 'not installed' },
  ],
  results,
})

test('the median does not depend on the order of the values, nor on one outlier', (t) => {
  t.is(median([3, 1, 2]), 2)
  t.is(median([4, 1, 2, 3]), 2.5)
  t.is(median([1, 1, 1000]), 1)
  t.is(median([]), NaN)
})

test('the spread has no unit', (t) => {
  t.is(spread([9, 10, 11]), 0.1)
  t.is(spread([900, 1000, 1100]), 0.1)
  t.is(spread([5]), 0)
})

test('a ratio within the spread is no difference, in either direction', (t) => {
  const noisy = [80, 100, 120]
  t.false(compareTimes(noisy, [100, 125, 140]).differs)
  t.false(compareTimes([100, 125, 140], noisy).differs)
  t.true(compareTimes(noisy, [180, 200, 220]).differs)
  t.true(compareTimes([180, 200, 220], noisy).differs)
})

test('single measurements that are close are no difference', (t) => {
  t.false(compareTimes([100], [104]).differs)
  t.true(compareTimes([100], [150]).differs)
})

test('two runs are compared figure by figure, and those of one run only are left out', (t) => {
  const before = report([
    result('gemmnet', [10, 10, 10]),
    result('bare-gemm', [10, 10, 10], { threads: 1 }),
    result('formula', [1]),
  ])
  const after = report([
    result('gemmnet', [5, 5, 5]),
    result('bare-gemm', [10, 10, 10], { threads: 1 }),
    result('bare-gemm', [10, 10, 10], { threads: 2 }),
  ])
  const [header, ...lines] = compareReports(before, after)
  t.regex(header ?? '', /ratio/)
  t.is(lines.length, 2)
  t.regex(lines[0] ?? '', /mnist, gemmnet .* 0\.50 .* faster$/)
  t.regex(lines[1] ?? '', /bare-gemm, 1 thread .* 1\.00 .* no difference$/)
  t.regex(compareReports(before, report([])).join(), /no figure in common/)
})

test('runs of different machines say so', (t) => {
  const one = report([result('gemmnet', [1])])
  const other = { ...one, machine: { ...one.machine, processor: 'another' } }
  t.regex(compareReports(one, other).join('\n'), /Other machines:\n.*a <processor>.*\n.*another/)
})

test('a contender counts with its best number of threads', (t) => {
  const results = [
    result('gemmnet', [6]),
    result('bare-gemm', [4], { threads: 1 }),
    result('bare-gemm', [3], { threads: 2 }),
    result('bare-gemm', [], { threads: 4, missing: 'stopped' }),
  ]
  t.is(bestOf(results, 'mnist', 'bare-gemm')?.threads, 2)
  t.is(ratioTo(results, 'mnist', 'gemmnet', 'bare-gemm'), 2)
  t.is(ratioTo(results, 'wide', 'gemmnet', 'bare-gemm'), undefined)
})

test('a floor is kept, broken or not measured', (t) => {
  const floor = { case: 'mnist', over: 'bare-gemm', atMost: 1.5 }
  const bare = result('bare-gemm', [2])
  const outcome = (results: readonly Result[]) => judge([floor], results)[0]?.outcome
  t.is(outcome([result('gemmnet', [3]), bare]), 'kept')
  t.is(outcome([result('gemmnet', [3.1]), bare]), 'broken')
  t.is(outcome([result('gemmnet', [NaN]), bare]), 'broken')
  t.is(outcome([result('gemmnet', [], { missing: 'failed' }), bare]), 'broken')
  t.is(outcome([result('gemmnet', [3])]), 'not measured')
  t.is(outcome([]), 'not measured')
})

test('a loss that is not that of gemmnet is marked, rounding is not', (t) => {
  const ours = result('gemmnet', [1], { loss: 2 })
  const remark = (loss: number) => {
    const other = result('other', [0.1], { loss })
    return cellsOf(other, [ours, other]).at(-1)
  }
  t.is(remark(2.001), '')
  t.is(remark(2.1), 'other loss than gemmnet')
  t.is(remark(NaN), 'other loss than gemmnet')
})

test('a sweep says with which power the time grows', (t) => {
  const points = [1, 2, 4].map((value) =>
    result('gemmnet', [value ** 2], { case: `sweep-${value}`, grows: { what: 'width', value } }),
  )
  const [, header, first, second, third] = sweepTable(points)
  t.regex(header ?? '', /width .* power/)
  t.notRegex(first ?? '', /2\.00/)
  t.regex(second ?? '', /2\.00/)
  t.regex(third ?? '', /2\.00/)
})

test('a sweep has a table for each number of threads, beside the bare calls on as many', (t) => {
  const grows = { what: 'width', value: 8 }
  const results = [1, 2].flatMap((threads) => [
    result('gemmnet', [6 / threads], { grows, threads }),
    result('bare-gemm', [3], { grows, threads }),
  ])
  const lines = sweepTable(results)
  t.regex(lines[0] ?? '', /threads: 1$/)
  t.regex(lines[2] ?? '', / 8 .* 2\.00$/)
  t.regex(lines[4] ?? '', /threads: 2$/)
  t.regex(lines[6] ?? '', / 8 .* 1\.00$/)
})

test('what the threads do stands below the figures, the most of it first', async (t) => {
  const shares = { gemm: 0.5, elementwise: 0.1, gather: 0.05, optimizer: 0.3, waiting: 0.05 }
  const results = [result('gemmnet', [1], { shares }), result('bare-gemm', [1])]
  const said = 'time of gemmnet: gemm 50 %, optimizer 30 %, elementwise 10 %'
  t.true(caseTable(results).at(-1)?.includes(said))
  t.false(caseTable(results.slice(1)).join('\n').includes('time of'))
  t.regex(await toPage(report(results)), /class="optimizer" style="width:30\.0%"/)
  t.notRegex(await toPage(report(results.slice(1))), /What the threads do/)
})

test('a contender that failed after some trials says so beside its figure', (t) => {
  const cut = result('other', [1], { missing: 'stopped after 9 s' })
  t.is(cellsOf(cut, [cut]).at(-1), 'stopped after 9 s')
})

test('values have units that can be read', (t) => {
  t.is(format('step', 12.3e-6), '12.30 us')
  t.is(format('step', 0.5), '500.0 ms')
  t.is(format('program', 2.5), '2.500 s')
  t.is(format('memory', 5e6), '5.0 MB')
})

test('the page escapes what it shows and needs no other file', async (t) => {
  const sweep = [1, 2, 4].map((value) =>
    result('gemmnet', [value], {
      case: `sweep-${value}`,
      group: 's',
      grows: { what: 'batch', value },
    }),
  )
  const page = await toPage(report([result('gemmnet', [1], { note: '<b>' }), ...sweep]))
  t.regex(page, /a &lt;processor>/)
  t.regex(page, /&lt;b>/)
  t.regex(page, /pytorch: absent, not installed/)
  t.regex(page, /<svg/)
  t.notRegex(page, /<script|<link|src=/)
})

test('a task survives the command line', (t) => {
  const task: Task = {
    kind: 'step',
    case: 'mnist',
    widths: [784, 128, 10],
    batch: 64,
    optimizer: 'adam',
    learningRate: 0.001,
    activation: 'relu',
    epochs: 5,
    scale: 1 / 255,
    threads: 2,
    seconds: 0.5,
    folder: '/a folder/with=signs',
  }
  t.deepEqual(fromWords(toWords(task)), task)
  const free = { ...task, threads: undefined }
  t.deepEqual(fromWords(toWords(free)), free)
  t.throws(() => fromWords(['kind=step']), { message: /no case/ })
})

test('a loss that is no number survives JSON', (t) => {
  t.deepEqual(parseWithNaN(JSON.stringify({ value: 1, loss: NaN })), { value: 1, loss: NaN })
})

test('cases are chosen by name and by group, and have names of their own', (t) => {
  t.is(new Set(cases.map(({ name }) => name)).size, cases.length)
  t.deepEqual(
    chooseCases(['mnist', 'import']).map(({ name }) => name),
    ['mnist', 'import'],
  )
  t.is(chooseCases(['steps']).length, 6)
  t.is(chooseCases(['all']).length, cases.length)
  t.true(chooseCases([]).every(({ group }) => !group.startsWith('sweep')))
  t.throws(() => chooseCases(['minst']), { message: /no case minst/ })
})

test('a step is counted as its products, without the gradient of its input', (t) => {
  t.is(stepFlops({ widths: [784, 128, 10], batch: 64 }), 2 * 64 * (2 * 784 * 128 + 3 * 128 * 10))
})

test('the command line is read, and its mistakes are sentences', (t) => {
  const words = ['--case', 'a', '--case', 'b', '--threads', '2', '--trials', '7', '--json', 'f']
  const command = readArguments(words)
  t.like(command, {
    name: 'run',
    settings: { cases: ['a', 'b'], threads: [2], trials: 7, json: 'f', seconds: 0.5 },
  })
  t.like(readArguments(['check']), { name: 'check', settings: { cases: [] } })
  t.deepEqual(readArguments(['compare', 'a', 'b']), { name: 'compare', before: 'a', after: 'b' })
  t.deepEqual(readArguments(['readme', 'a', 'b']), { name: 'readme', files: ['a', 'b'] })
  t.throws(() => readArguments(['readme']), { message: /readme takes/ })
  t.deepEqual(readArguments(['model', 'a']), { name: 'model', files: ['a'] })
  t.deepEqual(readArguments(['--help']), { name: 'help' })
  t.throws(() => readArguments(['compare', 'a']), { message: 'compare takes two files' })
  t.throws(() => readArguments(['measure']), { message: 'There is no command measure' })
  t.throws(() => readArguments(['--trials', '0']), { message: /--trials takes/ })
  t.throws(() => readArguments(['--threads', '1.5']), { message: /whole number/ })
  t.throws(() => readArguments(['--seconds', 'x']), { message: /positive number, not x/ })
  t.throws(() => readArguments(['--cases', 'x']), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' })
})

const steps = [
  result('gemmnet', [0.9e-3, 1e-3, 1.1e-3]),
  result('bare-gemm', [1.2e-3], { threads: 1 }),
  result('bare-gemm', [0.8e-3], { threads: 2 }),
  result('pytorch', [], { missing: 'stopped after 1 s' }),
]
const readme =
  'Before.\n\n<!-- Made by `npm run bench -- readme`: do not edit. -->\nx\n<!-- The end of what is made. -->\n\nAfter.\n'

test('the README is what the generator makes of a report, however often it is asked', async (t) => {
  const once = updateReadme(readme, report(steps))
  t.is(updateReadme(once, report(steps)), once)
  t.true(once.startsWith('Before.\n\n<!--'))
  t.true(once.endsWith('-->\n\nAfter.\n'))
  t.true(await check(once, { parser: 'markdown' }))
  t.regex(once, /2000-01-01(.|\n)*a <processor>.*\n.*OpenBLAS.*v20.*\n.*gemmnet 0\.1\.0/)
  t.regex(
    once,
    /mnist \(784-128-10, 64, adam\) +\| +800\.0 us +\| +1\.000 ms +\| +10 % +\| +1\.25 \|/,
  )
  t.regex(
    once,
    /mnist: whole step over the bare gemm calls +\| +at most 1\.00 +\| +1\.25 +\| not reached/,
  )
  t.regex(once, /wide: PyTorch's step .* - \| not measured \|/)
  t.throws(() => updateReadme('', report(steps)), { message: /lacks <!-- Made/ })
})

test('the README of this package has a place for the figures', async (t) => {
  const own = await readFile(join(findPackageRoot(), 'README.md'), 'utf8')
  const made = updateReadme(own, report(steps))
  t.is(updateReadme(made, report(steps)), made)
})

test('a target is reached, not reached or not measured, as exactly as it is written', (t) => {
  const [target] = targets.filter(({ figure }) => figure.startsWith('mnist: whole step'))
  if (target === undefined) return t.fail()
  const held = (own: number) =>
    hold([result('gemmnet', [own]), result('bare-gemm', [1])], [target])[0]
  t.like(held(1.004), { goal: 'at most 1.00', measured: '1.00', outcome: 'reached' })
  t.like(held(1.006), { measured: '1.01', outcome: 'not reached' })
  t.like(held(NaN), { outcome: 'not reached' })
  t.true(hold([]).every(({ outcome }) => outcome === 'not measured'))
  t.true(hold([result('gemmnet', [1])], [target])[0]?.outcome === 'not measured')
})

test('every target is of a case, and moves with what gemmnet takes', (t) => {
  for (const { figure, measure, bound } of targets) {
    const name = figure.slice(0, figure.indexOf(':'))
    t.true(
      cases.some((one) => one.name === name),
      figure,
    )
    const others = ['bare-gemm', 'formula', 'pytorch', 'tfjs-wasm', 'onnxruntime']
    const withOwn = (seconds: number) =>
      measure([
        result('gemmnet', [seconds], { case: name, accuracy: 1 / seconds }),
        ...others.map((other) => result(other, [1], { case: name })),
      ]) ?? NaN
    if (bound === 'at most') t.true(withOwn(2) > withOwn(1), figure)
    else t.true(withOwn(2) < withOwn(1), figure)
  }
})

test('runs of one machine are one report, the later figures first', (t) => {
  const again = mergeReports([report(steps), report([result('gemmnet', [2])])])
  t.is(bestOf(again.results, 'mnist', 'gemmnet')?.values[0], 2)
  t.is(bestOf(again.results, 'mnist', 'bare-gemm')?.values[0], 0.8e-3)
  t.is(again.contenders.filter(({ name }) => name === 'gemmnet').length, 1)
  const onOne = mergeReports([report(steps), report([result('gemmnet', [2], { threads: 1 })])])
  t.is(onOne.results.length, steps.length + 1) // another number of threads is another figure
  const one = report(steps)
  const other = { ...one, machine: { ...one.machine, processor: 'another' } }
  t.throws(() => mergeReports([one, other]), { message: /different machines/ })
})

test('rows in order are the rows that the order names', (t) => {
  const one = cases.find(({ name }) => name === 'tiny')
  if (one === undefined) return t.fail()
  const data = makeData(one)
  const sorted = inOrder(data)
  t.deepEqual(
    [...data.order].sort((a, b) => a - b),
    [...sorted.order],
  )
  t.notDeepEqual(data.order, sorted.order)
  const [row = 0] = data.order
  t.deepEqual(sorted.x.slice(0, 4), data.x.slice(4 * row, 4 * row + 4))
  t.is(sorted.labels[0], data.labels[row])
  t.deepEqual(makeData(one), data) // equal in every process
})

test('the loss is cross-entropy of several outputs and squared error of one', (t) => {
  const classes = { rows: 2, labels: Int32Array.of(0, 1), targets: new Float32Array() }
  t.is(lossOf([0.5, 0.5, 0.5, 0.5], classes), Math.log(2))
  t.is(lossOf([1, 0, 0, 1], classes), 0)
  const single = { rows: 2, labels: new Int32Array(), targets: Float32Array.of(1, 3) }
  t.is(lossOf([1, 1], single), 2)
})
