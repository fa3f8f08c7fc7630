import { Command } from 'commander'
import { mnistWidths, stepCases } from '../benchmark/cases.js'
import type { MeasuredPrediction, MeasuredStep, Times } from '../benchmark/measure.js'
import { median, spread } from '../benchmark/statistics.js'
import { alignColumns } from '../experiments/text_table.js'
import { unknownName } from '../errors.js'
import { checks, trainerOptions } from '../options/index.js'
import { percent } from '../plot/labels.js'
import { checkUsage } from './failure.js'
import { jsonFlag, namesFlag, numberFlag, numbersFlag } from './flags.js'
import type { Interrupt } from './interrupt.js'
import { Pace } from './progress.js'
import type { Terminal } from './terminal.js'

interface BenchFlags {
  readonly cases: readonly string[]
  readonly threads?: readonly number[]
  readonly trials: number
  readonly seconds: number
  readonly json?: boolean
}

const caseNames = stepCases.map(({ name }) => name)
const defaults = { trials: 5, seconds: 0.2 }

const details = `
A step is one update from one batch of shuffled rows, with all that a fit does. \`gemm\` is the share of
the threads' time that goes to multiplying matrices; the rest is everything else, waiting included.
GFLOPS are those of the products over the whole time. +- is half the distance from the least to the
largest trial. A fit that is not told how many threads takes fewer where more do not pay. Nothing else
should run meanwhile.`

/** `gemmnet bench` */
export function bench(terminal: Terminal, interrupt: Interrupt): Command {
  return new Command('bench')
    .summary('how fast this machine trains and predicts')
    .description(
      'Times training steps of six networks, from one that is all arithmetic to one that is none, ' +
        'at one thread and at all, and predictions. Takes less than a minute.',
    )
    .addHelpText('after', details)
    .addOption(
      namesFlag('--cases', `training steps to time, of ${caseNames.join(',')}`).default(
        caseNames,
        'all',
      ),
    )
    .addOption(
      numbersFlag(
        '--threads',
        trainerOptions.threads.check,
        'numbers of threads, separated by commas (default: 1 and all processors)',
      ),
    )
    .addOption(
      numberFlag('--trials', checks.positiveInteger, 'measurements of each figure').default(
        defaults.trials,
      ),
    )
    .addOption(
      numberFlag('--seconds', checks.positive, 'how long each of them takes').default(
        defaults.seconds,
      ),
    )
    .addOption(jsonFlag())
    .action((flags: BenchFlags) => run(flags, terminal, interrupt))
}

async function run(
  { cases, threads, trials, seconds, json = false }: BenchFlags,
  terminal: Terminal,
  { signal }: Interrupt,
): Promise<void> {
  for (const name of cases)
    checkUsage(() => {
      if (!caseNames.includes(name)) throw unknownName('case', name, caseNames)
    })
  const chosen = stepCases.filter(({ name }) => cases.includes(name))
  // Here, not above: help needs no addon.
  const { machineFacts } = await import('../benchmark/machine.js')
  const { measurePredictions, measureStep } = await import('../benchmark/measure.js')
  const machine = machineFacts()
  const counts = [...new Set(threads ?? [1, machine.threads])]
  const settings = { trials, seconds, signal }
  const total = chosen.length + 1
  const pace = new Pace(total)
  const steps: MeasuredStep[] = []
  const showProgress = (name: string) => {
    const done = steps.length
    const parts = [name, ...(done > 0 ? [pace.left(done)] : [])]
    terminal.progress({ title: `Case ${done + 1}/${total}`, done, total, parts }, true)
  }
  for (const one of chosen) {
    showProgress(one.name)
    steps.push(await measureStep(one, counts, settings))
  }
  showProgress('predictions')
  const predictions = await measurePredictions(settings)
  terminal.clear()
  if (json) {
    terminal.result(JSON.stringify({ machine, steps, predictions }, null, 2))
    return
  }
  const { processor, allProcessors, blas, blasKernel, instructionSet } = machine
  terminal.result(`${processor}, ${machine.threads} of ${allProcessors} processors`)
  terminal.result(
    `gemmnet ${machine.gemmnet}, ${blas.split(' ', 2).join(' ')}, kernel ${blasKernel}, ` +
      `loops for ${instructionSet}, Node ${machine.node}`,
  )
  terminal.result(`\n${stepTable(steps, counts)}`)
  terminal.result(`\n${predictionTable(predictions)}`)
}

const isFirst = (column: number) => column === 0

function stepTable(steps: readonly MeasuredStep[], counts: readonly number[]): string {
  const others = counts.length > 1
  const header = [
    'training step',
    ...counts.flatMap((count) => [count === 1 ? '1 thread' : `${count} threads`, '+-']),
    ...(others ? ['faster'] : []),
    'gemm',
    'GFLOPS',
  ]
  const rows = steps.map(({ name, widths, batch, optimizer, flops, times }) => {
    const medians = times.map(({ seconds }) => median(seconds))
    const best = medians.indexOf(Math.min(...medians))
    return [
      `${name} (${widths.join('-')}, ${batch}, ${optimizer})`,
      ...times.flatMap(cellsOf),
      ...(others ? [((medians[0] ?? NaN) / (medians.at(-1) ?? NaN)).toFixed(2)] : []),
      percent(times[best]?.gemmShare ?? NaN, 0),
      (flops / (medians[best] ?? NaN) / 1e9).toPrecision(3),
    ]
  })
  return alignColumns([header, ...rows], isFirst)
}

function predictionTable(predictions: readonly MeasuredPrediction[]): string {
  const rows = predictions.map((one) => [
    `${one.rows} ${one.rows === 1 ? 'row' : 'rows'}`,
    ...cellsOf(one),
    `${Math.round(one.rows / median(one.seconds))}`,
  ])
  const header = [`prediction (${mnistWidths.join('-')})`, 'time', '+-', 'rows/s']
  return alignColumns([header, ...rows], isFirst)
}

const cellsOf = ({ seconds }: Times) => [showTime(median(seconds)), percent(spread(seconds), 0)]

const units = [
  { name: 'us', seconds: 1e-6 },
  { name: 'ms', seconds: 1e-3 },
  { name: 's', seconds: 1 },
]

/** `12.34 us` */
function showTime(seconds: number): string {
  const unit = units.find((one) => seconds < 1000 * one.seconds) ?? units.at(-1)
  return unit === undefined ? '' : `${(seconds / unit.seconds).toPrecision(4)} ${unit.name}`
}
