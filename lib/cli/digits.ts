import { Command, Option } from 'commander'
import type { Dataset } from '../dataset.js'
import type { EpochReport } from '../report.js'
import { optimizers, trainerOptions } from '../options/index.js'
import type { ReportSection } from '../plot/index.js'
import { percent, shortNumber } from '../plot/labels.js'
import { checkUsage } from './failure.js'
import type { TrainingFlags } from './flags.js'
import { jsonFlag, numberFlag, trainingFlags } from './flags.js'
import type { Interrupt } from './interrupt.js'
import { checkOutputFile, checkReportFolder } from './output_file.js'
import { Pace, rowsPerSecond } from './progress.js'
import { reportFlag, saveReport } from './report.js'
import type { Terminal } from './terminal.js'
import { trainAndSave } from './training.js'

interface DigitsFlags extends TrainingFlags {
  readonly l2: number
  readonly images?: boolean
  readonly grid?: boolean
  readonly report?: string
  readonly json?: boolean
}

const defaults = { epochs: 100, batchSize: 100, learningRate: 0.1, seed: 0 }
const defaultL2 = 1e-5
const defaultReport = 'digits-report' // where pictures are asked for
const linesEvery = 10 // epochs, where progress is plain lines

/** `gemmnet digits` */
export function digits(terminal: Terminal, interrupt: Interrupt): Command {
  const { learningRate } = optimizers.sgd
  const command = new Command('digits')
    .summary('64-100-50-10 on the handwritten digits that gemmnet brings along')
    .description(
      'Trains a network of 64-100-50-10 units, sigmoid and softmax, with stochastic gradient ' +
        'descent on four fifths of the 1797 handwritten digits that gemmnet brings along, and ' +
        'prints the accuracy on the others.',
    )
  for (const flag of trainingFlags({ ...defaults, checkLearningRate: learningRate.check }))
    command.addOption(flag)
  return command
    .addOption(
      numberFlag(
        '--l2',
        trainerOptions.l2.check,
        'strength of the L2 penalty of every kernel',
      ).default(defaultL2, '1e-5'),
    )
    .addOption(new Option('--images', 'show some of the digits in the report'))
    .addOption(
      new Option(
        '--grid',
        'train 49 networks, of 7 learning rates by 7 penalties, and draw their accuracies',
      ).conflicts(['learningRate', 'l2', 'threads']),
    )
    .addOption(reportFlag(` (default: none; ${defaultReport} with --images or --grid)`))
    .addOption(jsonFlag())
    .action((flags: DigitsFlags) => run(flags, terminal, interrupt))
}

/** What a training of networks for digits came to. */
export interface DigitsResult {
  /** Of the report. */
  readonly sections: readonly ReportSection[]
  /** What to throw when the report is written, if the training was stopped. */
  readonly stop: Error | undefined
}

async function run(flags: DigitsFlags, terminal: Terminal, interrupt: Interrupt): Promise<void> {
  const { images = false, grid = false, json = false, output, epochs, batchSize } = flags
  const folder = flags.report ?? (images || grid ? defaultReport : undefined)
  if (output !== undefined) await checkOutputFile(output)
  if (folder !== undefined) await checkReportFolder(folder)
  // Here, not above: help needs no addon.
  const { loadDigits } = await import('../index.js')
  const data = await loadDigits()
  const sets = data.split({ train: 0.8, test: 0.2 }, { seed: 0, stratify: true })
  const { sections, stop } = grid
    ? await (
        await import('./digits_grid.js')
      ).digitsGrid(sets, { ...flags, output, json }, terminal, interrupt)
    : await trainDigits(sets, flags, folder !== undefined, terminal, interrupt)
  if (folder !== undefined && sections.length > 0) {
    const { sampleSection } = await import('./image_report.js')
    const about =
      `Networks of 64-100-50-10 units, sigmoid and softmax, trained by stochastic gradient descent ` +
      `for ${epochs} epochs in batches of ${batchSize}: on ${sets.train.rows} handwritten digits, ` +
      `and tested on ${sets.test.rows} others.`
    const samples = images ? [await sampleSection(data)] : []
    const report = {
      title: 'Handwritten digits',
      sections: [{ parts: [about] }, ...samples, ...sections],
    }
    await saveReport(report, folder, terminal)
  }
  if (stop !== undefined) throw stop
}

async function trainDigits(
  { train, test }: { readonly train: Dataset; readonly test: Dataset },
  { epochs, batchSize, learningRate, seed, threads, output, l2, json = false }: DigitsFlags,
  isReported: boolean,
  terminal: Terminal,
  interrupt: Interrupt,
): Promise<DigitsResult> {
  const { dense, Network, sgd, Trainer } = await import('../index.js')
  const network = new Network({
    inputs: train.features,
    layers: [dense(100, 'sigmoid'), dense(50, 'sigmoid'), dense(train.classes, 'softmax')],
    seed,
  })
  const trainer = checkUsage(
    () =>
      new Trainer(network, {
        loss: 'categoricalCrossentropy',
        optimizer: sgd({ learningRate }),
        metrics: ['accuracy'],
        batchSize,
        epochs,
        l2,
        seed,
        threads,
      }),
  )

  const epochReports: EpochReport<'accuracy', typeof test>[] = []
  const pace = new Pace(epochs)
  const fit = async (signal: AbortSignal) => {
    for await (const report of trainer.fit(train, { validation: test, signal })) {
      epochReports.push(report)
      const { epoch, loss, accuracy, validation } = report
      const parts = [
        `loss ${loss.toFixed(4)}`,
        `accuracy ${percent(accuracy)}`,
        `validation accuracy ${percent(validation.accuracy)}`,
        pace.left(epoch),
        rowsPerSecond(report.rowsPerSecond),
      ]
      terminal.progress(
        { title: `Epoch ${epoch}/${epochs}`, done: epoch, total: epochs, parts },
        epoch % linesEvery === 0 || epoch === epochs,
      )
    }
  }
  const stop = await trainAndSave(
    network,
    output,
    interrupt,
    fit,
    () => `${epochReports.length} of ${epochs} epochs`,
  )
  if (stop !== undefined && !isReported) throw stop
  terminal.clear()

  const scores = { train: await trainer.evaluate(train), test: await trainer.evaluate(test) }
  const seconds = epochReports.reduce((sum, report) => sum + report.seconds, 0)
  if (stop === undefined) {
    const sets = {
      train: { rows: train.rows, ...scores.train },
      test: { rows: test.rows, ...scores.test },
    }
    const lines = [
      `Training rows: ${train.rows}`,
      `Test rows: ${test.rows}`,
      `Training time: ${seconds.toFixed(2)} s`,
      `Test accuracy: ${percent(scores.test.accuracy)}`,
    ]
    terminal.result(
      json ? JSON.stringify({ epochs, seconds, ...sets, output }, null, 2) : lines.join('\n'),
    )
    if (output !== undefined) terminal.note(`Saved ${output}`)
  }
  if (!isReported) return { sections: [], stop }
  const [{ plot }, { imageSections }] = await Promise.all([
    import('../index.js'),
    import('./image_report.js'),
  ])
  const history =
    epochReports.length === 0 ? [] : [{ svg: await plot.history(epochReports), name: 'history' }]
  const rows = Object.entries(scores).map(([set, { loss, accuracy }]) => [
    set,
    set === 'train' ? train.rows : test.rows,
    percent(accuracy),
    loss,
  ])
  const sections = [
    {
      title: 'Training',
      parts: [
        { columns: ['set', 'rows', 'accuracy', 'loss'], rows },
        `Learning rate ${shortNumber(learningRate)}, L2 penalty ${shortNumber(l2)}; ${seconds.toFixed(2)} s of training.`,
        ...history,
      ],
    },
    ...(await imageSections(network, test)),
    { title: 'The network', parts: [{ lines: network.summary() }] },
  ]
  return { sections, stop }
}
