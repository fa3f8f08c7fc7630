import { Command } from 'commander'
import { optimizers, trainerOptions } from '../options/index.js'
import { checkUsage } from './failure.js'
import type { TrainingFlags } from './flags.js'
import { numberFlag, trainingFlags } from './flags.js'
import type { Interrupt } from './interrupt.js'
import { checkOutputFile } from './output_file.js'
import type { Terminal } from './terminal.js'
import { percent, trainAndSave } from './training.js'

interface DigitsFlags extends TrainingFlags {
  readonly l2: number
}

const defaults = { epochs: 100, batchSize: 100, learningRate: 0.1, seed: 0 }
const defaultL2 = 1e-5
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
    .action((flags: DigitsFlags) => trainDigits(flags, terminal, interrupt))
}

async function trainDigits(
  { epochs, batchSize, learningRate, seed, threads, output, l2 }: DigitsFlags,
  terminal: Terminal,
  interrupt: Interrupt,
): Promise<void> {
  if (output !== undefined) await checkOutputFile(output)
  // Here, not above: help needs no addon.
  const { dense, loadDigits, Network, sgd, Trainer } = await import('../index.js')
  const data = await loadDigits()
  const { train, test } = data.split({ train: 0.8, test: 0.2 }, { seed: 0, stratify: true })
  const network = new Network({
    inputs: data.features,
    layers: [dense(100, 'sigmoid'), dense(50, 'sigmoid'), dense(data.classes, 'softmax')],
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

  let finished = 0
  let seconds = 0
  const fit = async (signal: AbortSignal) => {
    for await (const report of trainer.fit(train, { validation: test, signal })) {
      finished = report.epoch
      seconds += report.seconds
      terminal.progress(
        `Epoch ${report.epoch}/${epochs}, loss ${report.loss.toFixed(4)}, ` +
          `accuracy ${percent(report.accuracy)}, ` +
          `validation accuracy ${percent(report.validation.accuracy)}`,
        report.epoch % linesEvery === 0 || report.epoch === epochs,
      )
    }
  }
  await trainAndSave(network, output, interrupt, fit, () => `${finished} of ${epochs} epochs`)
  terminal.clear()

  const { accuracy } = await trainer.evaluate(test)
  terminal.result(`Training rows: ${train.rows}`)
  terminal.result(`Test rows: ${test.rows}`)
  terminal.result(`Training time: ${seconds.toFixed(2)} s`)
  terminal.result(`Test accuracy: ${percent(accuracy)}`)
  if (output !== undefined) terminal.note(`Saved ${output}`)
}
